package rule

import (
	"math"
	"testing"

	"github.com/promexporter/promexporter/config"
)

func TestParseText(t *testing.T) {
	none := math.NaN()
	for _, test := range []struct {
		parse config.Parse
		text  string
		want  float64
	}{
		{config.ParseNumber, "0", 0},
		{config.ParseNumber, "200", 200},
		{config.ParseNumber, " 42.5 ", 42.5},
		{config.ParseNumber, "-1e3", -1000},
		{config.ParseNumber, "1234567890123456789", 1234567890123456789},
		{config.ParseNumber, "", none},
		{config.ParseNumber, "abc", none},
		{config.ParseNumber, "20ms", none},
		{config.ParseNumber, "NaN", none},
		{config.ParseNumber, "Inf", none},
		{config.ParseNumber, "1e999", none},
		{config.ParseNumber, "0x10", none},
		{config.ParseNumber, "1_000", none},
		{config.ParseNumber, "-", none},

		{config.ParseDuration, "15ms", 0.015},
		{config.ParseDuration, "1h2m", 3720},
		{config.ParseDuration, "1h 2m 3s", 3723},
		{config.ParseDuration, "1.5s", 1.5},
		{config.ParseDuration, "-3us", -3e-6},
		{config.ParseDuration, "5us", 5e-6}, // not 4.9999999999999996e-06
		{config.ParseDuration, "7\u00b5s", 7e-6},
		{config.ParseDuration, "2d", 172800},
		{config.ParseDuration, "1w", 604800},
		{config.ParseDuration, "2.5", 2.5},
		{config.ParseDuration, "10 ms", 0.01},
		{config.ParseDuration, "ms", none},
		{config.ParseDuration, "5 parsecs", none},
		{config.ParseDuration, "5m3", none},
		{config.ParseDuration, "-", none},

		{config.ParseBytes, "12.5MiB", 12.5 * 1024 * 1024},
		{config.ParseBytes, "10kB", 10000},
		{config.ParseBytes, "10 KB", 10000},
		{config.ParseBytes, "1Ki", 1024},
		{config.ParseBytes, "3G", 3e9},
		{config.ParseBytes, "17", 17},
		{config.ParseBytes, "17B", 17},
		{config.ParseBytes, "MB", none},
		{config.ParseBytes, "3X", none},
		{config.ParseBytes, "3iB", none},

		{config.ParsePercent, "35%", 0.35},
		{config.ParsePercent, "35 %", 0.35},
		{config.ParsePercent, "35", 0.35},
		{config.ParsePercent, "%", none},

		{config.ParseTimestamp, "2023-11-14T22:13:20Z", 1700000000},
		{config.ParseTimestamp, "2023-11-14T22:13:20.5+00:00", 1700000000.5},
		{config.ParseTimestamp, "2023-11-14", none},

		{config.ParseDuration, "100:00:00", 360000},
		{config.ParseDuration, "-04:05.5", -245.5},
		{config.ParseDuration, "1-02:03", 93780},
		{config.ParseDuration, "2 days 00:00:01", 172801},
		{config.ParseDuration, "1 hour, 2 minutes", 3720},
		{config.ParseDuration, "04:65", none},
		{config.ParseDuration, "04:5", none},
		{config.ParseDuration, "1:2.5:03", none},
		{config.ParseDuration, "1:02:03:04", none},
		{config.ParseDuration, ":05", none},
		{config.ParseDuration, "x 00:05", none},
		{config.ParseDuration, "--5s", none},
		{config.ParseDuration, "P1W", 604800},
		{config.ParseDuration, "P1DT12H", 129600},
		{config.ParseDuration, "-PT0.5S", -0.5},
		{config.ParseDuration, "P1M", none},
		{config.ParseDuration, "P", none},
		{config.ParseDuration, "PT", none},
		{config.ParseDuration, "PT1S1H", none},
		{config.ParseDuration, "P1H", none},

		{config.ParseHex, "ff", 255},
		{config.ParseHex, "0X1f", 31},
		{config.ParseHex, "g", none},
		{config.ParseHex, "-1", none},
		{config.ParseHex, "fffffffffffffffff", none},
	} {
		n, reason := parseText([]byte(test.text), test.parse)
		if reason != noReason {
			n = math.NaN()
		}
		if n != test.want && !(math.IsNaN(n) && math.IsNaN(test.want)) {
			t.Errorf("parseText(%q, %d) = %v, want %v", test.text, test.parse, n, test.want)
		}
	}
}

func FuzzParseText(f *testing.F) {
	for _, seed := range []string{"15ms", "12.5MiB", "35%", "2023-11-14T22:13:20Z", "-1e3", "1h2m", "1 day, 2:03:04", "PT1H2M3.5S", "0x1f"} {
		for p := range config.ParseHex + 1 {
			f.Add([]byte(seed), uint8(p))
		}
	}
	f.Fuzz(func(t *testing.T, text []byte, p uint8) {
		n, reason := parseText(text, config.Parse(p%6))
		if reason == noReason && (math.IsNaN(n) || math.IsInf(n, 0)) {
			t.Errorf("%q became %v", text, n)
		}
	})
}
