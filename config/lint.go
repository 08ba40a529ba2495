package config

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/model"
	"google.golang.org/protobuf/proto"
)

// lint warns of names that Prometheus accepts but advises against, with the checks of promtool and some more.
func (p *parser) lint(r parsedRule) {
	if !r.typed {
		return
	}
	name := strings.TrimPrefix(r.Name.String(), namespaceVariable)
	family := &dto.MetricFamily{Name: proto.String(name), Type: r.Type.Model().Enum()}
	if r.Help != "" {
		family.Help = proto.String(r.Help)
	}
	problems, _ := promlint.NewWithMetricFamilies([]*dto.MetricFamily{family}).Lint()
	for _, problem := range problems {
		p.lintProblem(r, problem.Text)
	}
	p.lintSuffix(r, name)
	if name == "up" || strings.HasPrefix(name, "scrape_") {
		p.warn(ScraperName, r.get("name").Position, r.under("name"), "Prometheus itself adds a metric of this name to every scrape",
			"write another name")
	}
	p.lintName(r.get("name"), r.under("name"), name)
	p.lintLabels(r)
}

// lintProblem reports a problem that promlint found.
func (p *parser) lintProblem(r parsedRule, text string) {
	switch {
	case strings.HasPrefix(text, "no help") && r.has("help"): // a mistake of its own
	case strings.HasPrefix(text, "no help"):
		p.warn(NoHelp, r.Metric.Position, r.under("help"), "missing", "describe what is measured")
	case strings.HasPrefix(text, "counter metrics") && !hasPlainName(r.Name.String()): // lintName has better advice
	case strings.HasPrefix(text, "counter metrics"):
		p.warn(CounterTotal, r.get("name").Position, r.under("name"), "the name of a counter should end with _total",
			"write name: "+r.Name.String()+"_total")
	default:
		p.warn(Naming, r.get("name").Position, r.under("name"), text, "see https://prometheus.io/docs/practices/naming/")
	}
}

// lintSuffix warns of suffixes that OpenMetrics reserves for other types.
func (p *parser) lintSuffix(r parsedRule, name string) {
	for _, suffix := range []string{"_created", "_info"} {
		if strings.HasSuffix(name, suffix) && (suffix == "_created" || r.Type != Gauge) {
			p.warn(TypeSuffix, r.get("name").Position, r.under("name"), fmt.Sprintf("the name of a %s should not end with %s", r.Type, suffix),
				"OpenMetrics reserves this suffix; write another name")
		}
	}
}

// lintName warns of a name that not every scraper sees unchanged. Dots are assumed to be intended.
func (p *parser) lintName(n *node, path, name string) {
	if n == nil || hasPlainName(name) {
		return
	}
	escaped := model.EscapeName(name, model.UnderscoreEscaping)
	right := "the others see " + escaped
	if utf8.RuneCountInString(name) == len(name) { // otherwise nothing readable may be left
		right = "write " + escaped + ", which the others see"
	}
	p.warn(UTF8Name, n.Position, path, quote(name)+" is not a name that every scraper supports", right)
}

// hasPlainName reports whether every scraper sees a name unchanged, apart from its dots.
func hasPlainName(name string) bool {
	return model.LegacyValidation.IsValidMetricName(strings.ReplaceAll(name, ".", "_"))
}

// lintLabels warns of labels that Prometheus also adds, and of a constant that looks like a field.
func (p *parser) lintLabels(r parsedRule) {
	labels := r.get("labels")
	if labels == nil || labels.kind != mapping {
		return
	}
	for _, f := range labels.fields {
		name, path := f.key.text, under(r.under("labels"), f.key.text)
		p.lintName(f.key, path, strings.ReplaceAll(name, ":", " "))
		switch {
		case name == "job" || name == "instance":
			p.warn(TargetLabel, f.key.Position, path, "Prometheus itself adds a label of this name",
				"write another name; this one becomes exported_"+name)
		case f.value.kind == text && f.value.text == name:
			p.warn(ConstantLabel, f.value.Position, path, "the label has the constant value "+quote(name),
				"write $"+name+" for the field")
		}
	}
}
