package collector_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/promexporter/promexporter/collector"
)

func TestUintIsSameAsLabel(t *testing.T) {
	for _, n := range []uint64{0, 9, 10, 99, 100, 101, 404, 599, 999, 1000, 65535, math.MaxInt64, math.MaxUint64} {
		f := &collector.Family{Name: "m_total", Type: collector.Counter, Labels: []string{"a", "n"}}
		c := open(t, collector.Options{})
		ingest(t, c, add(f, 1, "x", fmt.Sprint(n)), func(b *collector.Batch) {
			b.Label([]byte("x"))
			b.UintLabel(n)
			b.Append(&collector.Sample{Family: f, Value: 1})
		})
		wantText(t, c, fmt.Sprintf("# HELP m_total \n# TYPE m_total counter\nm_total{a=\"x\",n=\"%d\"} 2\n", n))
	}
}

// TestShortLabel holds that a short label of ASCII is the same as any other, and that nothing else is taken for one.
func TestShortLabel(t *testing.T) {
	text := []byte(strings.Repeat("0123456789abcdef", 9))
	for n := 1; n < len(text); n++ {
		f := &collector.Family{Name: "m_total", Type: collector.Counter, Labels: []string{"a", "b"}}
		c := open(t, collector.Options{})
		ingest(t, c, add(f, 1, string(text[:n]), "z"), func(b *collector.Batch) {
			b.Label(make([]byte, 1024))
			b.Discard() // there is room from now on
			for i := range n {
				value := slices.Clone(text[:n])
				value[i] = 0x80
				if b.ShortLabel(value) {
					t.Errorf("a value of %d bytes whose byte %d is no ASCII is taken", n, i)
				}
			}
			if got := b.ShortLabel(text[:n]); got != (n < 128) {
				t.Fatalf("a value of %d bytes is taken: %v", n, got)
			} else if !got {
				b.Label(text[:n])
			}
			b.ShortLabel([]byte("z"))
			b.Append(&collector.Sample{Family: f, Value: 1})
		})
		wantText(t, c, fmt.Sprintf("# HELP m_total \n# TYPE m_total counter\nm_total{a=%q,b=\"z\"} 2\n", text[:n]))
	}
}

// TestSharedLabels holds that samples with label values of another sample, copied or not, and the samples after them
// reach their series.
func TestSharedLabels(t *testing.T) {
	one := &collector.Family{Name: "one_total", Type: collector.Counter, Labels: []string{"a"}}
	two := &collector.Family{Name: "two_total", Type: collector.Counter, Labels: []string{"a", "b"}}
	c := open(t, collector.Options{})
	ingest(t, c, func(b *collector.Batch) {
		var at []int
		add(one, 1, "before")(b)
		for _, label := range []string{"x", "y"} {
			at = append(at, b.LabelBytes())
			b.Label([]byte(label))
		}
		at = append(at, b.LabelBytes())
		b.Append(&collector.Sample{Family: two, Value: 1})

		b.ReuseLabels(at[0], at[1])
		b.Append(&collector.Sample{Family: one, Value: 2})
		b.ReuseLabels(at[0], at[2])
		b.Append(&collector.Sample{Family: two, Value: 3})
		b.CopyLabels(at[1], at[2])
		b.CopyLabels(at[0], at[1])
		b.Append(&collector.Sample{Family: two, Value: 5})
	}, add(one, 7, "behind"), func(b *collector.Batch) {
		b.ReuseLabels(0, 1)
		b.Discard()
	}, add(one, 9, "last"))
	wantText(t, c, `# HELP one_total 
# TYPE one_total counter
one_total{a="before"} 1
one_total{a="x"} 2
one_total{a="behind"} 7
one_total{a="last"} 9
# HELP two_total 
# TYPE two_total counter
two_total{a="x",b="y"} 4
two_total{a="y",b="x"} 5
`)
}

// TestBatchShrinks holds that a batch keeps memory that it needed since the last Shrink, and takes samples afterwards.
func TestBatchShrinks(t *testing.T) {
	f := &collector.Family{Name: "m_total", Type: collector.Counter, Labels: []string{"a"}}
	c := open(t, collector.Options{})
	b := &collector.Batch{Now: noon}
	fill := func(samples int) {
		b.Reset()
		for range samples {
			add(f, 1, "x")(b)
		}
	}
	fill(1000)
	for i, want := range []bool{false, true, false} {
		if freed := b.Shrink(); freed > 0 != want || b.Len() > 0 {
			t.Errorf("Shrink %d: %d bytes given back, %d samples left", i, freed, b.Len())
		}
		fill(10)
	}
	if err := c.Ingest(b, nil); err != nil {
		t.Fatal(err)
	}
	wantText(t, c, "# HELP m_total \n# TYPE m_total counter\nm_total{a=\"x\"} 10\n")
}
