// Package exporter serves metric families over HTTP to Prometheus.
//
// What enters: one [Options] per instance, with the source of its families, addresses and a path. What leaves: pages of
// metrics in the format that the scraper asks for, health, readiness and pages for people.
//
// An instance may have several addresses. Instances with the same address share one server, and those with the same
// path as well share one page, on which equal series of counters, histograms and summaries are added. Closing one
// instance leaves the others; closing the last one frees the port. An instance that is suspended for a reload keeps its
// place, and scrapes of its page wait until it resumes.
//
// A request passes the listener, which bounds connections, then users and TLS (internal/access), then the routes, which
// are replaced whole whenever an instance comes or goes. scrape.go has the way of a scrape.
//
// Memory: the families of a source are borrowed from its Gather until the done function that came with them was called.
// They are never changed. A page is complete in memory before its first byte is sent, so that done is called without
// waiting for the client, and so that a client never sees half a page. It is kept in pieces, which are used again as
// soon as they are sent.
//
// The package knows nothing of where the families come from.
package exporter
