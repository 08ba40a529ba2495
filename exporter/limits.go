package exporter

import "time"

// The limits of the package, each with its reason.
const (
	// defaultMaxRequests bounds the scrapes of one path that are in flight, and thereby the pages in memory. It is the
	// default of Prometheus' own exporters. Further scrapes are answered with 503.
	defaultMaxRequests = 40

	// maxStatusRequests is the same bound for the status pages and profiles.
	maxStatusRequests = 8

	// clientShare is the divisor for the connections and scrapes in flight that one client may have: a quarter of all,
	// so that a single client cannot exclude others.
	clientShare = 4

	// pagesAtOnce bounds the pages that are made at the same time, and thereby the snapshots of the series. With two or
	// more processors, one is left for flushes.
	pagesAtOnce = 2

	// maxConnections bounds the open connections of one server: a hundred times what a pair of Prometheus servers
	// needs, and well below the 1024 descriptors that a process may have.
	maxConnections = 512

	// maxStreams bounds the concurrent requests on one HTTP/2 connection. Prometheus makes one.
	maxStreams = 8

	// maxHeaderBytes bounds a request's header. A Prometheus server sends less than 1 KiB; the rest is for proxies.
	maxHeaderBytes = 16 << 10

	// readHeaderTimeout bounds how long a connection may take to send a request's header.
	readHeaderTimeout = 5 * time.Second

	// readTimeout bounds the reading of a request. Valid requests have no body.
	readTimeout = 30 * time.Second

	// writeTimeout bounds a response, from the end of the request's header. One minute is the longest scrape timeout in
	// common use.
	writeTimeout = 60 * time.Second

	// idleTimeout is how long a connection may be idle. It is longer than the usual scrape interval of one minute, so
	// that a scraper keeps its connection.
	idleTimeout = 2 * time.Minute

	// scrapeTimeout bounds how long it may take to make a page when the scraper does not send its timeout.
	scrapeTimeout = 30 * time.Second

	// scrapeMargin is the part of the scraper's timeout that is reserved for sending the answer, or a fifth of the
	// timeout if that is less.
	scrapeMargin = 500 * time.Millisecond

	// reloadTimeout bounds how long a scrape waits for a suspended endpoint, and gatherTimeout how long it waits for
	// the sources. Their sum is less than Prometheus' default scrape timeout of ten seconds.
	reloadTimeout = 4 * time.Second
	gatherTimeout = 5 * time.Second

	// reloadInterval is the minimum time between two reloads of the rules that clients request.
	reloadInterval = time.Second

	// maxReloadBody is the maximum number of bytes of mistakes in the answer to a reload.
	maxReloadBody = 64 << 10

	// closeGrace is how long Close waits for scrapes before it cancels them.
	closeGrace = 500 * time.Millisecond

	// closeLimit is how long Close may take in total. Its documentation promises one second.
	closeLimit = 800 * time.Millisecond

	// listenPoll is the pause between two attempts to listen during Open, and listenAgain after it.
	listenPoll  = 50 * time.Millisecond
	listenAgain = time.Second

	// readyAfter is the time after which an endpoint counts as ready even without a flush, because an instance that
	// gets no records must not keep a pod out of service.
	readyAfter = 10 * time.Second
)
