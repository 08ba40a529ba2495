package cases

import "testing"

// TestAbsent holds that a selector of absent finds the series that have its labels, whatever their names.
func TestAbsent(t *testing.T) {
	for _, test := range []struct {
		page, absent string
		found        int
	}{
		{`a{b="c",d="e"} 1`, `a`, 1},
		{`a{b="c",d="e"} 1`, `a{d="e"}`, 1},
		{`a{b="c",d="e"} 1`, `a{d="c"}`, 0},
		{`a{b="c,d=\"e\""} 1`, `a{d="e"}`, 0},
		{`a_count{b="c"} 1`, `a{b="c"}`, 1},
		{`{"a","b=c"="d"} 1`, `{"a","b=c"="d"}`, 1},
		{`{"a","b=c"="d"} 1`, `{"a","b=c"="e"}`, 0},
		{`a{b="c"} 1`, `{"a","b=c"="d"}`, 0},
		{`{"a","\"}"="d",c="e"} 1`, `{"a","\"}"="d"}`, 1},
		{`{"a","b\\n"="d",c="e"} 1`, `a{c="e"}`, 1},
		{`{"a","b=\"c\",d"="e"} 1`, `{"a","b"="c","d"="e"}`, 0},
	} {
		got, err := parsePage(test.page)
		if err != nil {
			t.Fatal(err)
		}
		selector, err := parsePage(test.absent + " 0")
		if err != nil {
			t.Fatal(err)
		}
		for name, series := range selector.samples {
			for labels := range series {
				if found := present(got, name, labels); len(found) != test.found {
					t.Errorf("%s in %s: %q, want %d", test.absent, test.page, found, test.found)
				}
			}
		}
	}
}
