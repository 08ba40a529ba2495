package cases

import (
	"strings"
	"testing"
)

// FuzzParsePage holds that no page makes its reader panic, and that each series that it read is found by its labels,
// one by one.
func FuzzParsePage(f *testing.F) {
	f.Add("# HELP a A.\n# TYPE a counter\na{b=\"c\",d=\"e\\\"f\"} 1\na 2 1700000000000\n")
	f.Add("{\"日.本\",\"l l\"=\"x\"} +Inf\n")
	f.Add("a_bucket{le=\"0.5\"} 1\na_sum NaN\na_count 0x1p-2\n")
	f.Add("{\"a\",\"b=c\"=\"d\",\"\\\"\"=\"e\",\"}\"=\"{\",\",\\n\"=\"\"} 1\n")
	f.Fuzz(func(t *testing.T, text string) {
		p, err := parsePage(text)
		if (p == nil) == (err == nil) {
			t.Fatalf("got %v, %v", p, err)
		}
		if err != nil {
			return
		}
		n := 0
		for name, series := range p.samples {
			for labels := range series {
				n++
				if len(present(p, name, labels)) == 0 {
					t.Errorf("%s%s is not found by its labels", name, labels)
				}
				if parts := strings.Join(splitLabels(labels), ","); labels != "" && labels != "{"+parts+"}" {
					t.Errorf("%s is split into %s", labels, parts)
				}
			}
		}
		if n != len(p.lines) {
			t.Errorf("%d series in %d lines:\n%s", n, len(p.lines), strings.Join(p.lines, "\n"))
		}
	})
}
