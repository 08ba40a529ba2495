package pipeline

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

var (
	stateWrittenDesc = desc("state_last_write_timestamp_seconds",
		"When the state file was last written.")
	stateBytesDesc = desc("state_last_write_bytes",
		"How large it was then.")
	stateDurationDesc = desc("state_last_write_duration_seconds",
		"How long that took.")
	stateErrorsDesc = desc("state_write_errors_total",
		"Attempts to write the state file that failed.")
	stateRestoredDesc = desc("state_restored_series",
		"Series that the start restored from the state file.")
	stateLeftOutDesc = desc("state_left_out_series",
		"Series of the state file that the start did not restore.", "reason")
)

// register lets the metrics of a section tell of its state file, until unregister.
// Without one they say nothing.
func (s *state) register(m *metrics) {
	if s != nil {
		m.registerer.MustRegister(s)
	}
}

func (s *state) unregister(m *metrics) {
	if s != nil {
		m.registerer.Unregister(s)
	}
}

// Describe implements prometheus.Collector.
func (s *state) Describe(descs chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		stateWrittenDesc, stateBytesDesc, stateDurationDesc, stateErrorsDesc, stateRestoredDesc, stateLeftOutDesc,
	} {
		descs <- d
	}
}

// Collect implements prometheus.Collector.
func (s *state) Collect(out chan<- prometheus.Metric) {
	sendGauge(out, stateWrittenDesc, float64(s.writtenAt.Load())/float64(time.Second))
	sendGauge(out, stateBytesDesc, float64(s.writtenBytes.Load()))
	sendGauge(out, stateDurationDesc, float64(s.writtenIn.Load())/float64(time.Second))
	sendCounter(out, stateErrorsDesc, s.errors.Load())
	restored := s.restored.Load()
	sendGauge(out, stateRestoredDesc, float64(restored.Series))
	sendGauge(out, stateLeftOutDesc, float64(restored.Redefined), "redefined")
	sendGauge(out, stateLeftOutDesc, float64(restored.OverLimit), "limit")
}
