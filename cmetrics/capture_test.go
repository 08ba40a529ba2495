package cmetrics

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/promexporter/promexporter/internal/goldentest"
	"github.com/promexporter/promexporter/record"
)

// captures returns the chunks that a pattern under testdata/chunks names.
func captures(t testing.TB, pattern string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join("testdata", "chunks", filepath.FromSlash(pattern)))
	if err != nil || len(names) == 0 {
		t.Fatalf("%s: %d captures, %v", pattern, len(names), err)
	}
	return names
}

func capture(t testing.TB, name string) []byte {
	t.Helper()
	chunk, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return chunk
}

// TestCaptures reads what real Fluent Bits write.
func TestCaptures(t *testing.T) {
	for _, version := range []string{"v1.9.10", "v4.2.8", "v5.1.1"} {
		t.Run(version, func(t *testing.T) {
			var out strings.Builder
			for _, name := range captures(t, version+"/*.mp") {
				fmt.Fprintf(&out, "# %s\n%s", filepath.Base(name), dump(capture(t, name)))
			}
			golden(t, version, out.String())
		})
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	goldentest.Compare(t, filepath.Join("testdata", name+".golden"), got)
}

// dump writes everything that a chunk holds, a line per context, family and point.
func dump(chunk []byte) string {
	var (
		out strings.Builder
		r   Reader
		c   Context
	)
	r.Reset(chunk)
	for {
		switch err := r.Next(&c); {
		case err == io.EOF:
			return out.String()
		case err != nil:
			fmt.Fprintf(&out, "%v\n", err)
		default:
			out.WriteString("context" + textContext(&c) + "\n")
			dumpFamilies(&out, &c)
		}
	}
}

func dumpFamilies(out *strings.Builder, c *Context) {
	var f Family
	for {
		switch err := c.Next(&f); {
		case err == io.EOF:
			return
		case err != nil:
			fmt.Fprintf(out, "  %v\n", err)
		default:
			fmt.Fprintf(out, "  %s %s%s\n", f.Type, f.Name, textFamily(&f))
			dumpPoints(out, c, &f)
		}
	}
}

func dumpPoints(out *strings.Builder, c *Context, f *Family) {
	var p Point
	for {
		switch err := f.Next(&p); {
		case err == io.EOF:
			return
		case err != nil:
			fmt.Fprintf(out, "    %v\n", err)
		default:
			fmt.Fprintf(out, "    %s\n", textPoint(c, f, &p))
		}
	}
}

func textContext(c *Context) string {
	var s strings.Builder
	if c.OTLP {
		s.WriteString(" otlp")
	}
	for _, l := range c.Static {
		fmt.Fprintf(&s, " %s=%q", l.Name, l.Value)
	}
	for _, path := range [][]string{{"resource", "attributes", "service.name"}, {"scope", "metadata", "name"}} {
		var v record.Value
		if c.External(&v, path...); v.IsText() {
			fmt.Fprintf(&s, " %s=%q", strings.Join(path, "/"), v.Bytes())
		}
	}
	return s.String()
}

func textFamily(f *Family) string {
	s := fmt.Sprintf(" keys %q", f.Keys)
	if len(f.Help) > 0 {
		s += fmt.Sprintf(" help %q", f.Help)
	}
	if len(f.Unit) > 0 {
		s += fmt.Sprintf(" unit %q", f.Unit)
	}
	if f.Temporality != Unspecified {
		s += fmt.Sprintf(" temporality %d", f.Temporality)
	}
	if f.Type == Histogram {
		s += fmt.Sprintf(" bounds %v", f.Bounds)
	}
	if f.Type == Summary {
		s += fmt.Sprintf(" quantiles %v", f.Quantiles)
	}
	return s
}

func textPoint(c *Context, f *Family, p *Point) string {
	s := fmt.Sprintf("%q", p.Labels)
	switch f.Type {
	case Counter, Gauge, Untyped:
		s += fmt.Sprintf(" %v", p.Value)
	case Histogram:
		s += fmt.Sprintf(" %v", p.Buckets)
		count, ok := p.Cumulate(c.OTLP)
		s += fmt.Sprintf(" %v of %d (%v) sum %v", p.Buckets, count, ok, p.Sum)
	case Summary:
		s += fmt.Sprintf(" %v of %d sum %v", p.Quantiles, p.Count, p.Sum)
	case ExpHistogram:
		s += fmt.Sprintf(" %+v of %d sum %v (%v)", p.Exp, p.Count, p.Sum, p.HasSum)
	}
	s += fmt.Sprintf(" at %d", p.Time)
	if p.Start != 0 {
		s += fmt.Sprintf(" since %d", p.Start)
	}
	if p.Stale {
		s += " stale"
	}
	var e Exemplar
	for p.NextExemplar(&e) {
		s += fmt.Sprintf(" # %v at %d trace %x span %x %s", e.Value, e.Time, e.TraceID, e.SpanID, e.Attributes)
	}
	return s
}

// TestCut cuts every capture at every byte: what is whole is read, and the rest is reported.
func TestCut(t *testing.T) {
	for _, name := range captures(t, "*/*.mp") {
		if chunk := capture(t, name); len(chunk) < 3000 {
			ends := contextEnds(chunk)
			for cut := range chunk {
				checkCut(t, name, chunk[:cut:cut], ends)
			}
		}
	}
}

func contextEnds(chunk []byte) (ends []int) {
	for i := 0; i < len(chunk); {
		i = record.Skip(chunk, i)
		ends = append(ends, i)
	}
	return ends
}

func checkCut(t *testing.T, name string, chunk []byte, ends []int) {
	t.Helper()
	whole := 0
	for whole < len(ends) && ends[whole] <= len(chunk) {
		whole++
	}
	seen := readAll(t, chunk)
	var m *record.Malformed
	switch clean := len(chunk) == 0 || whole > 0 && ends[whole-1] == len(chunk); {
	case seen.values != whole:
		t.Fatalf("%s cut at %d: %d values, want %d", name, len(chunk), seen.values, whole)
	case clean != (seen.last == nil):
		t.Fatalf("%s cut at %d: %v", name, len(chunk), seen.last)
	case !clean && (!errors.As(seen.last, &m) || m.Reason != record.Undecodable || m.Offset+m.Size != len(chunk)):
		t.Fatalf("%s cut at %d: %v", name, len(chunk), seen.last)
	}
}

// TestCutAndJoined: what follows a cut context cannot be distinguished from it, but is never a panic.
func TestCutAndJoined(t *testing.T) {
	chunk := capture(t, filepath.Join("testdata", "chunks", "v5.1.1", "otlp_all_kinds.mp"))
	for cut := range chunk {
		readAll(t, append(chunk[:cut:cut], chunk...))
	}
}
