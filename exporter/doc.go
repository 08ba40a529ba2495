// Package exporter serves metric families over HTTP to Prometheus.
//
// What enters: one [Options] per instance, with the source of its families, an address and a path.
// What leaves: pages of metrics in the format that the scraper asks for, health, readiness and a landing page.
//
// An instance may have several addresses. Instances with the same address share one server, and those with the same
// path as well share one page, on which families of the same name are merged. Closing one instance leaves the others;
// closing the last one frees the port.
//
// A request passes the socket, which outlives everything else of its server and bounds its connections; the front, one
// http.Server with the users and TLS of the time; and the routes, which change whenever an endpoint comes or goes. An
// instance that is closed for a reload keeps its place in them until it is back, and its scrapes wait.
//
// Memory: the families of a source are borrowed from its Gather until the done function that came with them was
// called. They are never changed. A page is encoded into memory before its first byte is sent, so that done is called
// without waiting for the client, and so that a client never sees half a page.
//
// The package knows nothing of where the families come from.
package exporter
