package record

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestSignalOf(t *testing.T) {
	meta := obj("cmetrics", obj("producer", "x"))
	for name, row := range map[string]struct {
		chunk raw
		want  Signal
	}{
		"nothing":             {raw{}, Logs},
		"an event":            {plain(1, "meta", obj()), Logs},
		"an old event":        {array(1, obj("meta", obj())), Logs},
		"a text":              {raw("GET / HTTP/1.1"), Logs},
		"an empty map":        {obj(), Logs},
		"another map":         {obj("a", 1, "metrics", array()), Logs},
		"metrics":             {obj("meta", meta, "metrics", array()), Metrics},
		"several contexts":    {join(nil, obj("meta", meta, "metrics", array()), obj("meta", meta, "metrics", array())), Metrics},
		"metrics, more keys":  {obj("meta", meta, "metrics", array(), "new", 1), Metrics},
		"meta alone":          {obj("meta", meta), Logs},
		"meta and more":       {obj("meta", meta, "other", array()), Logs},
		"profiles":            {obj("meta", obj(), "profiles", array()), Profiles},
		"traces":              {obj("resourceSpans", array()), Traces},
		"old metrics":         {array(obj("meta", obj(), "values", array()), obj("meta", obj())), OldMetrics},
		"old metrics, one":    {array(obj("meta", obj(), "values", array())), OldMetrics},
		"a list of maps":      {array(obj("a", 1), obj()), Logs},
		"an empty list":       {array(), Logs},
		"a key of arrays":     {raw{0x82, 0x90, 1, 0xa1, 'a', 1}, Logs},
		"a map of four gibi":  {raw{0xdf, 0xff, 0xff, 0xff, 0xff}, Logs},
		"an unfinished claim": {raw{0xdf, 0xff}, Logs},
	} {
		if got := SignalOf(row.chunk); got != row.want {
			t.Errorf("%s: %s, want %s", name, got, row.want)
		}
	}
}

// TestSignalOfCaptures asks of every prefix of what real Fluent Bits write. A prefix that is too short to decide counts
// as logs, and is refused as such.
func TestSignalOfCaptures(t *testing.T) {
	for pattern, signal := range map[string]Signal{
		"chunks/*/*": Logs,
		"../../cmetrics/testdata/chunks/v[45]*/[^t]*.mp":      Metrics, // all but traces_otlp.mp
		"../../cmetrics/testdata/chunks/v*/traces_otlp.mp":    Traces,
		"../../cmetrics/testdata/chunks/v1.9.10/encoder_*.mp": OldMetrics,
	} {
		names, err := filepath.Glob(filepath.Join("testdata", filepath.FromSlash(pattern)))
		if err != nil || len(names) == 0 {
			t.Fatalf("%s: %d captures, %v", pattern, len(names), err)
		}
		for _, name := range names {
			chunk, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if got := SignalOf(chunk); got != signal && !strings.Contains(name, "blob") {
				t.Errorf("%s: %s, want %s", name, got, signal)
			}
			found := false
			for end := range min(len(chunk), 3000) {
				got := SignalOf(chunk[:end:end])
				if found = found || got == signal; got != signal && (got != Logs || found) {
					t.Fatalf("%s, %d bytes: %s, want %s", name, end, got, signal)
				}
			}
		}
	}
}

// TestSignalReasons: what is not read has a reason of its own.
func TestSignalReasons(t *testing.T) {
	seen := map[Reason]Signal{}
	for _, s := range []Signal{OldMetrics, Traces, Profiles} {
		if before, twice := seen[s.Reason()]; twice || s.Reason() == NotEvent {
			t.Errorf("%s has the reason %s, as %s", s, s.Reason(), before)
		}
		seen[s.Reason()] = s
	}
}
