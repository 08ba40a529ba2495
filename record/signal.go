package record

// Signal is what a chunk holds. Fluent Bit does not say it: the bytes do.
type Signal uint8

// The signals.
const (
	Logs       Signal = iota // also whatever is none of the others
	Metrics                  // contexts of cmetrics, see package cmetrics
	OldMetrics               // those that Fluent Bit 1.8 and 1.9 wrote, in another layout
	Traces
	Profiles
)

var signalNames = [...]string{"logs", "metrics", "metrics of Fluent Bit 1.9 or older", "traces", "profiles"}

// String returns the signal's name in log lines.
func (s Signal) String() string {
	if int(s) < len(signalNames) {
		return signalNames[s]
	}
	return "unknown"
}

// Reason is why the chunk of a signal that nothing reads is refused.
func (s Signal) Reason() Reason {
	switch s {
	case OldMetrics:
		return OldMetricsChunk
	case Traces:
		return TracesChunk
	case Profiles:
		return ProfilesChunk
	}
	return NotEvent
}

// SignalOf returns what chunk holds, which is what its first value is. Logs start with an array, [time, record] or
// [[time, metadata], record]. Old metrics start with an array too, of maps; all others start with a map, which differ
// in their keys. It reads no more than it must.
func SignalOf(chunk []byte) Signal {
	if n, i := container(chunk, 0, Array); i >= 0 {
		if _, i = container(chunk, i, Map); n > 0 && i >= 0 && startsWith(chunk, i, "meta") {
			return OldMetrics
		}
		return Logs
	}
	n, i := container(chunk, 0, Map)
	switch {
	case n < 1 || i < 0:
		return Logs
	case startsWith(chunk, i, "resourceSpans"):
		return Traces
	case n < 2 || !startsWith(chunk, i, "meta"):
		return Logs
	}
	_, i = text(chunk, i)
	if i = skip(chunk, i); i < 0 {
		return Logs
	}
	switch { // the second key
	case startsWith(chunk, i, "metrics"):
		return Metrics
	case startsWith(chunk, i, "profiles"):
		return Profiles
	}
	return Logs
}

func startsWith(b []byte, i int, key string) bool {
	got, next := text(b, i)
	return next >= 0 && string(got) == key
}
