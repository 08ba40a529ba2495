package receive_test

import (
	"bytes"
	"testing"

	"github.com/promexporter/promexporter/collector"
)

// TestUnitOfState: increments from a state file go on with the unit and the timestamps of new rules.
func TestUnitOfState(t *testing.T) {
	const plain, full = "[{labels: {}}]", "[{metric: c_bytes, unit: bytes, timestamps: true}]"
	for _, row := range []struct{ before, after, page string }{
		{plain, full, "# TYPE c_bytes unknown\n# UNIT c_bytes bytes\nc_bytes{l=\"a\"} 3.0 1.700000001e+09\n# EOF\n"},
		{full, plain, "# TYPE c_bytes unknown\nc_bytes{l=\"a\"} 3.0\n# EOF\n"},
	} {
		before := newRig(t)
		before.scratch.Rules = compile(t, "received: "+row.before, nil)
		before.take(contexts(t, "0 ++c_bytes/a=1"), "t", 0)
		var state bytes.Buffer
		saved, err := before.collector.Export(base, false)
		if err == nil {
			_, err = saved.WriteTo(&state)
		}
		if err != nil {
			t.Fatal(err)
		}
		after := newRig(t)
		also := func(f *collector.Family) *collector.Family { return f }
		if _, err := after.collector.Import(&state, collector.ImportOptions{Now: base, Also: also}); err != nil {
			t.Fatal(err)
		}
		_ = after.page(openMetrics) // which keeps a model for the next page
		after.scratch.Rules = compile(t, "received: "+row.after, nil)
		after.take(contexts(t, "1 ++c_bytes/a=2"), "t", 1)
		if got := withoutHelp(after.page(openMetrics)); got != row.page || after.losses() != "" {
			t.Errorf("%s: got\n%swant\n%s%s", row.after, got, row.page, after.losses())
		}
	}
}
