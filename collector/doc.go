// Package collector holds the series of one [OUTPUT] section.
//
// Its input is batches of samples; its output is snapshots of all metric families for a scrape. One goroutine owns all
// families and series. Batches and scrapes reach it over channels, so series need no locks. [Collector.Ingest] returns
// after the whole batch is applied, or after no part of it is: a chunk is counted exactly once, even if Fluent Bit
// retries it.
//
// A scrape copies the columns of values in that goroutine and builds the exposition in its own, so a slow scraper does
// not delay a flush.
//
// A [Batch] owns the bytes of its label values until it is applied; the collector copies them once, for a new series.
// The time is an argument of the batch, and of a scrape through [Options.Now]: the package does not read a clock.
//
// # Expiry
//
// A family may have a TTL. Its series are removed if they had no sample for that long, by the times of batches and
// scrapes. Each batch checks a few families, so that memory is freed even without scrapes, and each scrape checks all
// of them. A counter, histogram or summary that comes back continues from its old value, with its created timestamp; a
// gauge starts over, as do the quantiles of a summary and all exemplars. Series declared by [Collector.Init] never
// leave the page: a gauge falls back to 0 instead of expiring, and all others keep their value.
//
// # Rounds
//
// The samples that a gauge aggregates form rounds: those of the batches of one tag that have the same time. A sample or
// a [Batch.Round] with a newer time begins the next round. Once a batch is applied, the series that the tag fed last and
// that have no sample in its round are removed, or fall back to 0 if they are declared.
//
// # Bounds
//
// Everything that grows with the input is bounded:
//
//   - all series, and all families: Options.SeriesLimit each. Samples beyond it are dropped.
//   - their memory: Options.MemoryLimit bytes. Samples of more series are dropped.
//   - the series of a family: Family.SeriesLimit. Samples of more series go to overflow series, at most 100 per family.
//   - remembered series, which are expired series that may come back: Options.Remembered bytes.
//   - applied chunks, which may come again: the last 16,384, of 24 bytes each, and twice that after a start or reload.
//   - snapshots: one per scrape in progress. The exporter bounds these.
//   - the values of a distinct count: about 38 KB for each series, within Options.MemoryLimit.
//   - the rounds: hardly more than series, within Options.MemoryLimit.
//   - a batch: [MaxBatchBytes] of label values and [MaxBatchSamples] samples.
//   - an exemplar: 128 runes. A counter has one, a classic histogram one per bucket, a native histogram 16.
//   - the buckets of a native histogram: Native.MaxBuckets.
//   - the weight of an observation: 2^32, or 1000 for a summary with quantiles, which takes observations one at a time.
//
// Columns grow by a quarter, maps by doubling; both shrink when three quarters of them are unused. From the first
// scrape on, a snapshot holds a copy of the values and the exposition model, which is several times the size of the
// series.
package collector
