package pipeline

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/promexporter/promexporter/collector"
	"github.com/promexporter/promexporter/rule"
)

// stats reads the counters of the collector and the rules at a scrape, so that a flush does not pay for them.
type stats struct{ *instance }

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("promexporter_"+name, help, labels, nil)
}

var (
	appliedDesc = desc("samples_applied_total",
		"Samples that reached a series.")
	droppedDesc = desc("samples_dropped_total",
		"Samples that were not applied.", "reason")
	overflowedDesc = desc("samples_overflowed_total",
		"Samples that were applied to an overflow series because their family had reached its series_limit.")
	exemplarsDesc = desc("exemplars_dropped_total",
		"Exemplars that were too long, had no label, were not UTF-8, were of a gauge, or did not fit into the memory limit. Their samples or points were applied.")
	seriesDesc = desc("series",
		"Live series.")
	limitDesc = desc("series_limit",
		"Maximum number of series (series_limit).")
	bytesDesc = desc("series_bytes",
		"Estimated memory of live series and their families, without pages.")
	bytesLimitDesc = desc("series_limit_bytes",
		"Maximum memory of series (series_memory_limit).")
	familiesDesc = desc("families",
		"Metric families that have series.")
	expiredDesc = desc("series_expired_total",
		"Series removed because they had no sample for their ttl, or in a round.")
	rememberedDesc = desc("series_remembered",
		"Expired counters, histograms and summaries that continue from their old value when they come back.")
	forgottenDesc = desc("series_forgotten_total",
		"Expired series that did not fit into the memory for remembered series.")
	reloadGoodDesc = desc("rules_last_reload_successful",
		"Whether the last attempt to read the rules succeeded.")
	reloadTimeDesc = desc("rules_last_reload_success_timestamp_seconds",
		"Time at which the active rules were read, in seconds since 1970.")
	reloadsDesc = desc("rules_reloads_total",
		"Attempts to read the rules again.", "result")
	keysGoodDesc = desc("config_last_reload_successful",
		"Whether the keys of the last reload of Fluent Bit were valid and are active.")
	ruleMatchedDesc = desc("rule_records_matched_total",
		"Records, fields or elements that a rule applied to.", "rule")
	ruleSamplesDesc = desc("rule_samples_total",
		"Samples of a rule that reached a series.", "rule")
	ruleErrorsDesc = desc("rule_errors_total",
		"Samples of a rule that were not made or not applied. Reasons that did not occur are left out.", "rule", "reason")
	ruleSeriesDesc = desc("rule_series",
		"Live series of the families that a rule feeds.", "rule")
)

func (s *stats) Describe(descs chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		pointsAppliedDesc, pointsDroppedDesc, rebasedDesc,
		appliedDesc, droppedDesc, overflowedDesc, exemplarsDesc, seriesDesc, limitDesc, bytesDesc,
		bytesLimitDesc, familiesDesc, expiredDesc, rememberedDesc, forgottenDesc, reloadGoodDesc, reloadTimeDesc, reloadsDesc, keysGoodDesc,
		ruleMatchedDesc, ruleSamplesDesc, ruleErrorsDesc, ruleSeriesDesc,
	} {
		descs <- d
	}
}

func (s *stats) Collect(out chan<- prometheus.Metric) {
	s.collectSamples(out)
	s.collectPoints(out)
	s.collectSeries(out)
	s.collectReloads(out)
	s.collectRules(out)
}

func sendCounter(out chan<- prometheus.Metric, d *prometheus.Desc, n uint64, labels ...string) {
	out <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(n), labels...)
}

func sendGauge(out chan<- prometheus.Metric, d *prometheus.Desc, n float64, labels ...string) {
	out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, n, labels...)
}

func (s *stats) collectSamples(out chan<- prometheus.Metric) {
	c := s.collector.Stats()
	sendCounter(out, appliedDesc, c.Applied())
	for _, r := range collector.Reasons() {
		sendCounter(out, droppedDesc, c.Dropped(r), r.String())
	}
	for _, r := range rule.Reasons() {
		sendCounter(out, droppedDesc, s.rules.counters.Skipped(r), r.String())
	}
	sendCounter(out, overflowedDesc, c.Overflowed())
	sendCounter(out, exemplarsDesc, c.ExemplarsDropped())
}

func (s *stats) collectSeries(out chan<- prometheus.Metric) {
	c := s.collector.Stats()
	sendGauge(out, seriesDesc, float64(c.Series()))
	sendGauge(out, limitDesc, float64(s.collector.SeriesLimit()))
	sendGauge(out, bytesDesc, float64(c.Bytes()))
	sendGauge(out, bytesLimitDesc, float64(s.collector.MemoryLimit()))
	sendGauge(out, familiesDesc, float64(c.Families()))
	sendCounter(out, expiredDesc, c.Expired())
	sendGauge(out, rememberedDesc, float64(c.Remembered()))
	sendCounter(out, forgottenDesc, c.Forgotten())
}

func (s *stats) collectReloads(out chan<- prometheus.Metric) {
	r := s.reloads.counts()
	sendGauge(out, keysGoodDesc, oneIf(r.keysOK))
	sendGauge(out, reloadGoodDesc, oneIf(r.rulesOK))
	sendGauge(out, reloadTimeDesc, float64(r.rulesRead.UnixNano())/float64(time.Second))
	sendCounter(out, reloadsDesc, r.failures, "failure")
	sendCounter(out, reloadsDesc, r.successes, "success")
}

func oneIf(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}

func (s *stats) collectRules(out chan<- prometheus.Metric) {
	families := s.collector.Families()
	series := make(map[string]int, len(families))
	for _, f := range families {
		series[f.Name] = f.Series
	}
	for _, r := range s.rules.set.Load().Stats() {
		sendCounter(out, ruleMatchedDesc, r.Matched(), r.Rule)
		sendRule(out, &r)
		sendGauge(out, ruleSeriesDesc, float64(liveSeries(&r, series)), r.Rule)
	}
}

// sendRule sends the counts of a rule's samples.
func sendRule(out chan<- prometheus.Metric, r *rule.RuleStats) {
	sendCounter(out, ruleSamplesDesc, r.Applied(), r.Rule)
	for reason, n := range ruleErrors(r) {
		sendCounter(out, ruleErrorsDesc, n, r.Rule, reason)
	}
}

// ruleErrors returns how many samples a rule lost, for each reason that occurred.
func ruleErrors(r *rule.RuleStats) map[string]uint64 {
	errors := make(map[string]uint64)
	for _, reason := range collector.Reasons() {
		if n := r.Dropped(reason); n > 0 {
			errors[reason.String()] = n
		}
	}
	for _, reason := range rule.Reasons() {
		if n := r.Skipped(reason); n > 0 {
			errors[reason.String()] = n
		}
	}
	return errors
}

// liveSeries returns how many live series the families of a rule have. series maps the name of a family to the number
// of its live series.
func liveSeries(r *rule.RuleStats, series map[string]int) (live int) {
	counted := make(map[string]bool, len(r.Families))
	for _, name := range r.Families {
		if !counted[name] {
			counted[name] = true
			live += series[name]
		}
	}
	return live
}
