// Package exporter serves metric families over HTTP to Prometheus.
//
// Input: one [Options] per instance, with the source of its families, its addresses and its path. Output: pages of
// metrics in the format that the scraper requests, health, readiness and status pages.
//
// An instance may have several addresses. Instances with the same address share one server, and those with the same
// path as well share one page, on which equal series of counters, histograms and summaries are added. Closing an
// instance does not affect the others; closing the last one frees the port. An instance that is suspended for a reload
// keeps its address and path, and scrapes of its page wait until it resumes.
//
// A request passes the listener, which bounds connections (internal/listen), then TLS and the check of users
// (internal/access), then the routes, which are replaced as a whole whenever an instance is added or removed. The
// comment in scrape.go describes the path of a scrape.
//
// Memory: the families of a source are borrowed from its Gather method until done is called. They are not modified. A
// page is complete in memory before its first byte is sent, so that done does not wait for the client, and no client
// gets half a page. The page is a list of pieces, each of which is reused as soon as it is sent, unless scrapes share the
// page.
//
// The package does not know where the families come from.
package exporter
