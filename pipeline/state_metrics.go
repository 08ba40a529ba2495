package pipeline

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

var (
	stateWrittenDesc = desc("state_last_write_timestamp_seconds",
		"Time of the last write of the state file, in seconds since 1970.")
	stateBytesDesc = desc("state_last_write_bytes",
		"Size of the state file at the last write.")
	stateDurationDesc = desc("state_last_write_duration_seconds",
		"Duration of the last write of the state file.")
	stateErrorsDesc = desc("state_write_errors_total",
		"Attempts to write the state file that failed.")
	stateRestoredDesc = desc("state_restored_series",
		"Series restored from the state file at the start.")
	stateLeftOutDesc = desc("state_left_out_series",
		"Series of the state file that were not restored at the start.", "reason")
)

// register adds the metrics of the state file to those of the instance, until unregister.
func (s *state) register(m *metrics) {
	if s != nil {
		m.registry.MustRegister(s)
	}
}

func (s *state) unregister(m *metrics) {
	if s != nil {
		m.registry.Unregister(s)
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
