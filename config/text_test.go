package config

import (
	"testing"
	"time"
)

func TestParseDuration(t *testing.T) {
	for _, test := range []struct {
		text string
		want time.Duration
	}{
		{"0", 0}, {"5", 5 * time.Second}, {"1.5", 1500 * time.Millisecond}, {"1e2", 100 * time.Second}, {".5", time.Second / 2},
		{"15ms", 15 * time.Millisecond}, {"1h30m", 90 * time.Minute}, {"1.5h", 90 * time.Minute}, {"1m1.5s", 61500 * time.Millisecond},
		{"1d", 24 * time.Hour}, {"2w", 14 * 24 * time.Hour}, {"7us", 7 * time.Microsecond}, {"100ns", 100}, {"3660d", maxDuration},
		{"0s", 0}, {"00005s", 5 * time.Second},
	} {
		if got, err := parseDuration(test.text); err != nil || got != test.want {
			t.Errorf("%s: got %v, %v, want %v", test.text, got, err, test.want)
		}
	}
	for _, text := range []string{
		"", " ", "s", "5 s", "-5", "-5s", "+-5", "5y", "5M", "1h30", "1..5s", "NaN", "Inf", "1e300", "4000d", "3660d1ns", "5s\n", "1h-5m", "h1", ".s",
	} {
		if got, err := parseDuration(text); err == nil {
			t.Errorf("%q: got %v", text, got)
		}
	}
}

func TestNearest(t *testing.T) {
	for _, test := range []struct{ word, want string }{
		{"lables", "labels"}, {"label", "labels"}, {"LABELS", "labels"}, {"matchRegex", "match_regex"}, {"max-age", "max_age"},
		{"serieslimit", "series_limit"}, {"nam", "name"}, {"tll", "ttl"}, {"valeu", "value"}, {"x", ""}, {"", ""}, {"colour", ""},
		{"native_histogram_bucket_factor_and_some_more_than_that", ""}, {"é", ""},
	} {
		if got := nearest(test.word, metricSpec.keys); got != test.want {
			t.Errorf("%s: got %q, want %q", test.word, got, test.want)
		}
	}
}

func TestPath(t *testing.T) {
	for _, test := range []struct{ got, want string }{
		{under("", "metrics"), "metrics"},
		{under(at("metrics", 3), "labels"), "metrics[3].labels"},
		{under("labels", "a.b"), `labels["a.b"]`},
		{under("labels", ""), `labels[""]`},
	} {
		if test.got != test.want {
			t.Errorf("got %s, want %s", test.got, test.want)
		}
	}
}

// TestPlainScalars holds that unquoted text is resolved as YAML 1.2 says.
func TestPlainScalars(t *testing.T) {
	for text, want := range map[string]kind{
		"1": number, "-1": number, "+1": number, "1.": number, ".5": number, "1e3": number, "1E+3": number, "0": number, "0.0": number,
		".inf": number, "-.Inf": number, ".NaN": number, "true": boolean, "FALSE": boolean,
		"01": text0, "1_000": text0, "0x1F": text0, "0o17": text0, "yes": text0, "on": text0, "1h": text0, "1.2.3": text0, "inf": text0, "e3": text0, ".": text0, "-1-": text0, "''": text0,
	} {
		root, err := new(parser).load([]byte("- " + text))
		if err != nil {
			t.Fatal(err)
		}
		if got := scalar(root.Content[0]); got.kind != want {
			t.Errorf("%q: got %v, want %v", text, got.kind, want)
		}
	}
}

const text0 = text
