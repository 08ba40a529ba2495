package rule

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/promexporter/promexporter/config"
	"github.com/promexporter/promexporter/record"
)

// FuzzFormat holds that no text in a format that a rule defines makes a value panic, or become what is not a number.
func FuzzFormat(f *testing.F) {
	for _, seed := range []struct{ parse, key, value, text string }{
		{"timestamp", "layout", "%Y-%m-%d %H:%M:%S.%L", "2023-11-14 22:13:20.125"},
		{"timestamp", "layout", "%b %e %H:%M:%S", "Dec 31 23:59:59"},
		{"timestamp", "layout", "%d/%b/%Y:%H:%M:%S,%L %z", "10/Oct/2000:13:55:36,5 -0700"},
		{"timestamp", "layout", "%s.%L", "1700000000.5"},
		{"timestamp", "unit", "ms", "1700000000000"},
		{"number", "thousands", ",", "1,234,567.5"},
		{"duration", "decimal", ",", "1,5 s"},
		{"bytes", "base", "1024", "12.5 MB"},
		{"percent", "thousands", "'", "1'000 %"},
	} {
		f.Add(seed.parse, seed.key, seed.value, []byte(seed.text), int64(1700000000))
	}
	f.Fuzz(func(t *testing.T, parse, key, value string, text []byte, now int64) {
		if key == "base" && value != "1024" { // which is the only number
			t.Skip()
		}
		if key != "base" {
			value = fmt.Sprintf("%q", value)
		}
		rules, err := config.ParseRules("rules.yaml", fmt.Appendf(nil,
			"metrics: [{name: a, type: gauge, help: A., value: {from: $a, parse: %q, %q: %s}}]", parse, key, value))
		if err != nil {
			t.Skip()
		}
		c := &rules.Metrics[0].Value
		format := newFormat(c)
		var w Scratch
		w.Event.Time = now % (1 << 32) * int64(time.Second)
		v := record.Text(text)
		if n, reason := format.convert(&w, &v, c); reason == noReason && (math.IsNaN(n) || math.IsInf(n, 0)) {
			t.Errorf("%q as %s with %s: %s became %v", text, parse, key, value, n)
		}
	})
}
