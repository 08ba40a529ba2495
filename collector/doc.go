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
// batch: nothing here reads a clock.
package collector
