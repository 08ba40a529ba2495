package metric

import "testing"

func TestTexts(t *testing.T) {
	for _, test := range []struct{ text, want, exemplar string }{
		{"", "", ""},
		{"GET", "GET", "GET"},
		{"日本 😀\u0085\u2028\ufeff\uffff\ufffd", "日本 😀\u0085\u2028\ufeff\uffff\ufffd", "日本 😀\u0085\u2028\ufeff\uffff\ufffd"},
		{"\"\\\n\t\x01\x1f\x7f#{}", "\"\\\n\t\x01\x1f\x7f#{}", "\"\\\n\t\x01\x1f\x7f#{}"},
		{"\x00", "\x00", "\ufffd"},
		{"a\x00\x00b\x00", "a\x00\x00b\x00", "a\ufffd\ufffdb\ufffd"},
		{"\xff", "\ufffd", "\ufffd"},
		{"a\xed\xa0\x80b", "a\ufffdb", "a\ufffdb"},
		{"a\xc0\x80\x00\xe2\x82", "a\ufffd\x00\ufffd", "a\ufffd\ufffd\ufffd"},
	} {
		if got := string(Text([]byte(test.text))); got != test.want {
			t.Errorf("%q: %q, want %q", test.text, got, test.want)
		}
		if got := string(ExemplarText([]byte(test.text))); got != test.exemplar {
			t.Errorf("%q in an exemplar: %q, want %q", test.text, got, test.exemplar)
		}
		if got, want := IsText([]byte(test.text)), test.text == test.want; got != want {
			t.Errorf("%q is a text: %t", test.text, got)
		}
		if got, want := IsExemplarText([]byte(test.text)), test.text == test.exemplar; got != want {
			t.Errorf("%q is a text for an exemplar: %t", test.text, got)
		}
		if got, want := IsName(test.text), test.text == test.exemplar && test.text != ""; got != want {
			t.Errorf("%q is a name: %t", test.text, got)
		}
	}
}

// TestTextsThatStay checks that valid text is not copied.
func TestTextsThatStay(t *testing.T) {
	text := []byte("GET /größe HTTP/1.1")
	if n := testing.AllocsPerRun(10, func() { Text(text); ExemplarText(text) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestCarriesUnit(t *testing.T) {
	for _, test := range []struct {
		name string
		kind Type
		unit string
		want bool
	}{
		{"a_bytes", Gauge, "bytes", true},
		{"a_bytes_total", Counter, "bytes", true},
		{"a_bytes", Counter, "bytes", true},
		{"a_bytes_total", Gauge, "bytes", false},
		{"a_bytes_value", Gauge, "bytes", false},
		{"abytes", Gauge, "bytes", false},
		{"bytes", Gauge, "bytes", false},
		{"_bytes", Gauge, "bytes", true},
		{"a_cpu_seconds", Histogram, "cpu_seconds", true},
		{"a.b_seconds", Histogram, "seconds", true},
		{"a.b_cpu_seconds", Histogram, "cpu_seconds", false}, // a_dot_b__cpu__seconds
		{"a.b_seconds_total", Counter, "seconds", false},     // a_dot_b__seconds__total
	} {
		if got := CarriesUnit(test.name, test.kind, test.unit); got != test.want {
			t.Errorf("%s %s in %s: %t", test.kind, test.name, test.unit, got)
		}
	}
}
