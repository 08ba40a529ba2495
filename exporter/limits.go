package exporter

import "time"

// Every bound of the package, with its reason.
const (
	// defaultMaxRequests bounds the scrapes of one path that are in flight, and thereby the pages held in memory. It
	// is the default of Prometheus' own exporters; further ones are answered 503.
	defaultMaxRequests = 40

	// peopleRequests is the same bound for the pages that people read, and for profiles.
	peopleRequests = 8

	// profileLimit bounds how long a profile of Go is recorded.
	profileLimit = time.Minute

	// slowAfter is how long a client may take to read its page while others wait for its place.
	slowAfter = 5 * time.Second

	// maxConnections bounds the open connections of one server: a hundred times what a pair of Prometheus servers
	// needs, and well below the 1024 descriptors that a process may have. One more takes the place of the connection
	// that does least, so that nobody keeps a scraper out by doing nothing.
	maxConnections = 512

	// maxStreams bounds the requests at once on one HTTP/2 connection, where Prometheus makes one.
	maxStreams = 8

	// acceptPause is the longest pause after connections could not be accepted.
	acceptPause = time.Second

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

	// owedTimeout bounds how long a scrape waits for a source that still owes the answer to an earlier one. A source
	// that takes longer hangs.
	owedTimeout = time.Second

	// togetherLimit bounds how long a scrape waits for a page that it shares with others, and for the one before that.
	togetherLimit = time.Second

	// scrapeMargin is what is left of a scrape's own time limit for the way of the answer, or a fifth of the limit if
	// that is less.
	scrapeMargin = 500 * time.Millisecond

	// holdLimit bounds how long a scrape waits for an instance that is being reloaded. With gatherTimeout it is less
	// than Prometheus' default scrape timeout.
	holdLimit = 4 * time.Second

	// defaultLinger is how long a server outlives the reload of its last instance.
	defaultLinger = 10 * time.Second

	// statusTimeout bounds how long a page for people waits for an instance, and statusAge how old its answer may be.
	statusTimeout = 2 * time.Second
	statusAge     = time.Second

	// shownRules and shownFamilies bound the tables of the page at "/": it is to be read, and on a phone.
	shownRules    = 200
	shownFamilies = 20

	// passwordAge is how old the content of a password file may be.
	passwordAge = 5 * time.Second

	// maxSecretFile and maxWebFile bound the files that are read, in bytes.
	maxSecretFile = 4 << 10
	maxWebFile    = 1 << 20

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

	// maxUnixPath bounds the path of a Unix socket: what the kernel takes, without the zero byte at the end.
	maxUnixPath = 107
)
