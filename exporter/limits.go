package exporter

import "time"

// Every bound of the package, with its reason.
const (
	// maxScrapes bounds the scrapes of one path that are in flight, and thereby the pages held in memory. It is the
	// default of Prometheus' own exporters; further ones are answered 503.
	maxScrapes = 40

	// maxConnections bounds the open connections of one server: a hundred times what a pair of Prometheus servers
	// needs, and well below the 1024 descriptors that a process may have. Further ones wait in the kernel's backlog.
	maxConnections = 512

	// maxHeaderBytes bounds a request's header. A Prometheus server sends less than 1 KiB; the rest is for proxies.
	maxHeaderBytes = 16 << 10

	// readHeaderTimeout bounds how long a connection may take to send a request's header.
	readHeaderTimeout = 5 * time.Second

	// readTimeout bounds a request with its body. No request of ours has one. It must exceed gatherTimeout and the
	// time to encode, because net/http cancels a request's context when it runs out.
	readTimeout = 30 * time.Second

	// writeTimeout bounds a response from the end of the request's header: one minute is the longest scrape timeout
	// in common use, so that nobody waits for the rest of a longer one.
	writeTimeout = 60 * time.Second

	// idleTimeout is how long a connection is kept between two requests: more than the usual scrape interval of one
	// minute, so that a scraper keeps its connection.
	idleTimeout = 2 * time.Minute

	// gatherTimeout bounds how long a scrape waits for a source. It is half of Prometheus' default scrape timeout,
	// which leaves the other half for encoding and sending what the other sources gave.
	gatherTimeout = 5 * time.Second

	// closeGrace is how long Close waits for scrapes to end by themselves before it ends them.
	closeGrace = 500 * time.Millisecond

	// closeLimit is how long Close takes at most, in all; callers are promised one second.
	closeLimit = 800 * time.Millisecond

	// defaultListenRetry is how long Open retries a taken port: what a predecessor needs to let go of it.
	defaultListenRetry = time.Second

	// listenPoll is the pause between two attempts to take a port.
	listenPoll = 50 * time.Millisecond

	// resolveTimeout bounds the look-up of a host name in a listen address.
	resolveTimeout = 2 * time.Second

	// readyAfter is how long after its opening an endpoint counts as ready even without a first flush: an instance
	// that gets no records must not keep a pod out of service.
	readyAfter = 10 * time.Second

	// repeatInterval is how often one and the same log line is written at most.
	repeatInterval = time.Minute

	// maxRepeats bounds the log lines that are remembered in order to suppress their repetition.
	maxRepeats = 128

	// maxPathLength bounds a metrics path.
	maxPathLength = 256
)
