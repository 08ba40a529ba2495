package collector_test

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"

	"github.com/promexporter/promexporter/collector"
)

// TestKeysNeverCollide holds that label sets that would be one under a separator, a hash or a careless length prefix
// are different series, and that every value comes out as it went in.
func TestKeysNeverCollide(t *testing.T) {
	sets := [][]string{
		{"a", "b"}, {"ab", ""}, {"", "ab"}, {"a,", "b"}, {"a", ",b"}, {"a;b", "1"}, {"a", "b;1"},
		{"\xc3\xbf", ""}, {"", "\xc3\xbf"}, // U+00FF, the byte that client_golang's hash puts between values
		{"\x00", ""}, {"", "\x00"}, {"\x00", "\x00"},
		{"\x01", "a"}, {"\x01a", ""}, {"a\x01", "b"}, {"a\x01b", ""}, {"a", "\x01b"},
		{`a","b`, "c"}, {"a", `b","c`}, {"overflow", ""}, {"", "overflow"},
		{strings.Repeat("x", 127), "y"}, {strings.Repeat("x", 127) + "y", ""},
		{strings.Repeat("x", 128), "y"}, {strings.Repeat("x", 128) + "y", ""}, // the length takes two bytes from here on
		{strings.Repeat("x", 16384), "y"},
		// Two pairs that FNV-1a, 32 bits, takes for one.
		{"costarring", ""}, {"liquid", ""}, {"declinate", ""}, {"macallums", ""},
	}
	// A value that is the encoding of another label set.
	for _, s := range slices.Clone(sets) {
		var key []byte
		for _, v := range s {
			key = collector.AppendLabel(key, []byte(v))
		}
		if len(key) < 128 && strings.ToValidUTF8(string(key), "") == string(key) {
			sets = append(sets, []string{string(key), ""}, []string{"", string(key)})
		}
	}
	f := &collector.Family{Name: "m", Type: collector.Gauge, Labels: []string{"one", "two"}}
	c := open(t, collector.Options{})
	for i, s := range sets {
		ingest(t, c, set(f, float64(i), s...))
	}
	families, done, err := c.Gather(t.Context())
	defer done()
	if err != nil {
		t.Fatal(err)
	}
	if n := len(families[0].Metric); n != len(sets) {
		t.Fatalf("%d series, want %d", n, len(sets))
	}
	for i, m := range families[0].Metric {
		if got := values(m, f.Labels); !slices.Equal(got, sets[i]) || m.Gauge.GetValue() != float64(i) {
			t.Errorf("series %d is %q = %v, want %q", i, got, m.Gauge.GetValue(), sets[i])
		}
	}
}

// values returns the label values of m in the order of names.
func values(m *dto.Metric, names []string) []string {
	found := make([]string, len(names))
	for _, l := range m.Label {
		found[slices.Index(names, l.GetName())] = l.GetValue()
	}
	return found
}

func TestKeyIsSameAsLabels(t *testing.T) {
	f := &collector.Family{Name: "m_total", Type: collector.Counter, Labels: []string{"a", "b", "c"}}
	encoded := collector.AppendLabel(collector.AppendLabel(nil, []byte("1")), []byte("2"))
	c := open(t, collector.Options{})
	ingest(t, c, add(f, 1, "1", "2", "3"), func(b *collector.Batch) {
		b.EncodedLabels(encoded)
		b.Label([]byte("3"))
		b.Append(&collector.Sample{Family: f, Value: 1})
	})
	wantText(t, c, "# HELP m_total \n# TYPE m_total counter\nm_total{a=\"1\",b=\"2\",c=\"3\"} 2\n")
}

func TestDropForgetsLabels(t *testing.T) {
	f := &collector.Family{Name: "m", Type: collector.Gauge, Labels: []string{"a"}}
	c := open(t, collector.Options{})
	ingest(t, c, set(f, 1, "x"), func(b *collector.Batch) {
		b.Label([]byte("gone"))
		b.Discard()
	}, set(f, 2, "y"))
	wantText(t, c, "# HELP m \n# TYPE m gauge\nm{a=\"x\"} 1\nm{a=\"y\"} 2\n")
}

// TestMalformedKeys holds that a caller's mistake costs its samples only.
func TestMalformedKeys(t *testing.T) {
	keys := map[string][]byte{
		"too few":       collector.AppendLabel(nil, []byte("x")),
		"none":          nil,
		"too many":      {1, 'x', 1, 'y', 1, 'z'},
		"cut":           {1, 'x', 5, 'y'},
		"cut length":    {1, 'x', 0x80},
		"endless":       binary.AppendUvarint([]byte{1, 'x'}, 1<<63),
		"long varint":   slices.Repeat([]byte{0xff}, 20),
		"invalid UTF-8": {1, 'x', 1, 0xff},
	}
	for name, key := range keys {
		t.Run(name, func(t *testing.T) {
			c := open(t, collector.Options{})
			f := &collector.Family{Name: "m", Type: collector.Gauge, Labels: []string{"a", "b"}}
			ingest(t, c, set(f, 1, "x", "y"), func(b *collector.Batch) {
				b.EncodedLabels(key)
				b.Append(&collector.Sample{Family: f, Op: collector.Set, Value: 2})
			}, set(f, 3, "x", "z"))
			wantText(t, c, "# HELP m \n# TYPE m gauge\nm{a=\"x\",b=\"y\"} 1\nm{a=\"x\",b=\"z\"} 3\n")
			if n := c.Stats().Dropped(collector.Malformed); n != 1 {
				t.Errorf("%d samples dropped as malformed, want 1", n)
			}
		})
	}
}

func TestManySeries(t *testing.T) {
	f := &collector.Family{Name: "m_total", Type: collector.Counter, Labels: []string{"n"}}
	c := open(t, collector.Options{SeriesLimit: 5000})
	for round := range 3 {
		for from := 0; from < 5000; from += 500 {
			b := batchAt(noon)
			for i := from; i < from+500; i++ {
				add(f, float64(i), fmt.Sprint(i))(b)
			}
			if err := c.Ingest(b, nil); err != nil {
				t.Fatal(err)
			}
			families, done, err := c.Gather(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for i, m := range families[0].Metric {
				times := round
				if i < from+500 {
					times++
				}
				if want := float64(i * times); m.Counter.GetValue() != want || m.Label[0].GetValue() != fmt.Sprint(i) {
					t.Fatalf("round %d, series %d: %v, want %v", round, i, m, want)
				}
			}
			done()
		}
	}
}

// FuzzKey holds that no key makes a page that cannot be encoded, and that a refused key has no effect.
func FuzzKey(f *testing.F) {
	f.Add([]byte{1, 'x', 1, 'y'})
	f.Add([]byte{0, 0})
	f.Add([]byte{0x80, 0, 0})
	f.Add([]byte{2, 'x', '\n', 3, 0xe2, 0x82, 0xac})
	f.Fuzz(func(t *testing.T, key []byte) {
		c := open(t, collector.Options{})
		family := &collector.Family{Name: "m", Type: collector.Gauge, Labels: []string{"a", "b"}, SeriesLimit: 1}
		ingest(t, c, set(family, 1, "x", "y"), func(b *collector.Batch) {
			b.EncodedLabels(key)
			b.Append(&collector.Sample{Family: family, Op: collector.Set, Value: 2})
		})
		for _, format := range []expfmt.Format{textFormat, openFormat, protoFormat} {
			scrape(t, c, format)
		}
		if s := c.Stats(); s.Applied()+s.Dropped(collector.Malformed) != 2 || s.Applied() == 1 && s.Series() != 1 {
			t.Errorf("applied %d, malformed %d, series %d", s.Applied(), s.Dropped(collector.Malformed), s.Series())
		}
	})
}
