// Package collector holds the series of one [OUTPUT] section.
//
// What enters are batches of samples; what leaves are snapshots of all metric
// families for a scrape. One goroutine owns every family and series, and batches
// and scrapes reach it over channels, so no series has a lock. A batch that was
// taken is applied whole before [Collector.Ingest] returns, and a batch that was
// not taken leaves no trace: a chunk is counted exactly once, whatever Fluent Bit
// repeats.
//
// A scrape copies the columns of values inside that goroutine and builds the
// exposition outside of it, so a slow scraper holds up no flush.
//
// A [Batch] owns the bytes of its label values only until it is applied; the
// collector clones them once, when a series is new. Time is an argument of the
// batch, and of a scrape through [Options.Now]: nothing here reads a clock.
//
// # Series that come and go
//
// A family may have a TTL. Its series leave the exposition when no sample touched
// them for that long, by the times of batches and scrapes. They are looked for in a few
// families at each batch, so that memory is freed when nobody scrapes, and in all
// of them at each scrape. A counter, histogram or summary that comes back goes on
// from where it was, with its created timestamp; a gauge starts anew, and so do
// the quantiles of a summary and all exemplars. Series that were declared
// ([Collector.Init]) stay.
//
// # Bounds
//
// Everything that grows with what arrives is bounded:
//
//   - series, and families, in all: Options.SeriesLimit each. Beyond it samples
//     are dropped.
//   - their memory: Options.MemoryLimit bytes. Beyond it samples of further series
//     are dropped.
//   - series of a family: Family.SeriesLimit. Beyond it samples go to overflow
//     series, of which a family has 100 at most.
//   - what is remembered of expired series: Options.Remembered bytes.
//   - snapshots: one per scrape that is not done. The exporter bounds these.
//   - a batch: [MaxBatchBytes] of label values and [MaxBatchSamples] samples.
//   - an exemplar: 128 runes. A counter keeps one, a classic histogram one per
//     bucket, a native histogram 16.
//   - buckets of a native histogram: Native.MaxBuckets.
//   - the weight of an observation: 2^32, and 1000 for the quantiles of a summary, which
//     take observations one by one.
//
// Columns grow by a quarter, maps by doubling; both shrink when three quarters of
// them are unused. A snapshot holds a copy of the values and the exposition model,
// which is several times the size of the series themselves, from the first scrape on.
package collector
