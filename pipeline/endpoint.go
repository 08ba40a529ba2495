package pipeline

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/promexporter/promexporter/collector"
	"github.com/promexporter/promexporter/config"
	"github.com/promexporter/promexporter/exporter"
	"github.com/promexporter/promexporter/internal/exposition"
	"github.com/promexporter/promexporter/rule"
)

// readKeys reads the keys. The error lists all mistakes in them, including those in the access settings.
func readKeys(property func(key string) string) (*config.Config, error) {
	c, err := config.ParseKeys(property)
	who := accessSettings(&config.Config{
		Username:      property("username"),
		Password:      config.Secret(property("password")),
		PasswordFile:  property("password_file"),
		WebConfigFile: property("web_config_file"),
	})
	return c, errors.Join(err, who.Check())
}

// accessSettings returns the users and the TLS configuration of the pages.
func accessSettings(c *config.Config) exporter.AccessSettings {
	return exporter.AccessSettings{
		Username:     c.Username,
		Password:     string(c.Password),
		PasswordFile: c.PasswordFile,
		ConfigFile:   c.WebConfigFile,
	}
}

// definitions returns the families that the rules make no matter what the records contain.
func (p *Pipeline) definitions(set *rule.Set) []exporter.Definition {
	var families []exporter.Definition
	for _, f := range set.Families() {
		families = append(families, exporter.Definition{
			Name: f.Name, Type: f.Type, Help: f.Help, Unit: f.Unit, Labels: f.Labels, Shape: shape(f),
			Origin: p.file.name,
		})
	}
	return families
}

// shape describes the buckets or quantiles, which are part of the definition of a histogram or a summary.
func shape(f *collector.Family) string {
	switch {
	case f.Type == collector.Summary && len(f.Quantiles) == 0:
		return "no quantiles"
	case f.Type == collector.Summary:
		return fmt.Sprintf("the quantiles %v over %s", slices.Sorted(maps.Keys(f.Quantiles)), f.MaxAge)
	case f.Type != collector.Histogram:
		return ""
	case f.Native == collector.Native{}:
		return fmt.Sprintf("the buckets %v", f.Buckets)
	case len(f.Buckets) == 0:
		return fmt.Sprintf("native buckets of the factor %v", f.Native.Factor)
	}
	return fmt.Sprintf("the buckets %v, native ones of the factor %v", f.Buckets, f.Native.Factor)
}

// Gather returns the families of the instance: those of its series and its own metrics. It implements exporter.Source.
func (i *instance) Gather(ctx context.Context) (all []exposition.Family, done func(), err error) {
	all, done, err = i.collector.Gather(ctx)
	if err != nil {
		return nil, done, err
	}
	gathered, err := i.metrics.gather()
	own := exposition.Families(gathered)
	if len(own) == 0 {
		return all, done, err
	}
	// Both are sorted by name, and no family of records has a name with the prefix of the section's own.
	at, _ := slices.BinarySearchFunc(all, own[0].GetName(), func(f exposition.Family, name string) int {
		return strings.Compare(f.GetName(), name)
	})
	return slices.Concat(all[:at], own, all[at:]), done, err
}

// status is what the pages for people show. Nothing in it comes from a record but the names of families, and the last
// refusal of a rule.
func (p *Pipeline) status() exporter.Status {
	var s exporter.Status
	families := p.collector.Families()
	series := make(map[string]int, len(families))
	for _, f := range families {
		series[f.Name] = f.Series
		if f.Series > 0 {
			s.Families = append(s.Families, exporter.FamilyStatus{Name: f.Name, Type: f.Type.String(), Series: f.Series})
		}
	}
	for _, r := range p.rules.set.Load().Stats() {
		s.Rules = append(s.Rules, ruleStatus(&r, series))
	}
	for _, r := range p.collector.Received() {
		s.Received = append(s.Received, receivedStatus(&r))
	}
	s.LastReload, s.LastError = p.events.last()
	return s
}

// ruleStatus returns the status of one rule. series maps the name of each family to the number of its live series.
func ruleStatus(r *rule.RuleStats, series map[string]int) exporter.RuleStatus {
	var refused *exporter.RefusedStatus
	if last := r.LastRefusal(); last != nil {
		refused = &exporter.RefusedStatus{
			Reason: last.Reason.String(), Tag: last.Tag, Field: last.Field, Value: last.Value, Expected: last.Expected,
		}
	}
	return exporter.RuleStatus{
		LastRefused: refused, Rule: r.Rule, Type: r.Type, Matched: r.Matched(), Samples: r.Applied(), Errors: ruleErrors(r),
		Series: liveSeries(r, series),
	}
}

// receivedStatus returns the status of one family of metrics events.
func receivedStatus(r *collector.ReceivedStats) exporter.ReceivedStatus {
	s := exporter.ReceivedStatus{
		Family: r.Name, Tag: r.Tag, Type: r.Type.String(), Points: r.Applied, Series: r.Series, Last: time.Unix(0, r.Last),
		Dropped: make(map[string]uint64),
	}
	for _, reason := range collector.PointReasons() {
		if n := r.Dropped(reason); n > 0 {
			s.Dropped[reason.String()] = n
		}
	}
	return s
}
