package exporter

import "time"

// Every bound of the package, with its reason.
const (
	// defaultMaxRequests bounds the scrapes of one path that are in flight, and thereby the pages held in memory. It
	// is the default of Prometheus' own exporters; further ones are answered 503.
	defaultMaxRequests = 40

	// maxStatusRequests is the same bound for the pages that people read, and for profiles.
	maxStatusRequests = 8

	// clientShare is the part of connections and of scrapes in flight that one client may have: a quarter, so that it
	// takes four clients to keep others out.
	clientShare = 4

	// pagesAtOnce bounds the pages that are made at the same time, and with them the snapshots of the series. One
	// processor remains for those who make the metrics, where there are two or more.
	pagesAtOnce = 2

	// maxConnections bounds the open connections of one server: a hundred times what a pair of Prometheus servers
	// needs, and well below the 1024 descriptors that a process may have.
	maxConnections = 512

	// maxStreams bounds the requests at once on one HTTP/2 connection, where Prometheus makes one.
	maxStreams = 8

	// maxHeaderBytes bounds a request's header. A Prometheus server sends less than 1 KiB; the rest is for proxies.
	maxHeaderBytes = 16 << 10

	// readHeaderTimeout bounds how long a connection may take to send a request's header.
	readHeaderTimeout = 5 * time.Second

	// readTimeout bounds the reading of a request. None of ours has a body.
	readTimeout = 30 * time.Second

	// writeTimeout bounds a response from the end of the request's header: one minute is the longest scrape timeout
	// in common use, so that nobody waits for the rest of a longer one.
	writeTimeout = 60 * time.Second

	// idleTimeout is how long a connection is kept between two requests: more than the usual scrape interval of one
	// minute, so that a scraper keeps its connection.
	idleTimeout = 2 * time.Minute

	// scrapeTimeout bounds how long a page may take to make when the scraper does not say how long it waits.
	scrapeTimeout = 30 * time.Second

	// scrapeMargin is what is left of a scraper's own time limit for the way of the answer, or a fifth of the limit if
	// that is less.
	scrapeMargin = 500 * time.Millisecond

	// reloadTimeout bounds how long a scrape waits for an endpoint that is suspended, and gatherTimeout how long it
	// waits for the sources. Together they are less than Prometheus' default scrape timeout of ten seconds.
	reloadTimeout = 4 * time.Second
	gatherTimeout = 5 * time.Second

	// reloadInterval is the least time between two reloads of the rules that clients ask for.
	reloadInterval = time.Second

	// maxReloadBody is the most bytes of mistakes that the answer to a reload shows.
	maxReloadBody = 64 << 10

	// closeGrace is how long Close waits for scrapes to end by themselves before it ends them.
	closeGrace = 500 * time.Millisecond

	// closeLimit is how long Close takes at most, in all; callers are promised one second.
	closeLimit = 800 * time.Millisecond

	// defaultListenRetry is how long Open retries a taken port: what a predecessor needs to let go of it.
	defaultListenRetry = time.Second

	// listenPoll is the pause between two attempts to take a port in Open, and listenAgain later on.
	listenPoll  = 50 * time.Millisecond
	listenAgain = time.Second

	// readyAfter is how long after its opening an endpoint counts as ready even without a first flush: an instance
	// that gets no records must not keep a pod out of service.
	readyAfter = 10 * time.Second
)
