package sample

import "testing"

// TestDetectJSON detects records in JSON that contain what the lines of other outputs start with.
func TestDetectJSON(t *testing.T) {
	for _, text := range []string{
		`{"b": [1, 0, 0], "s": 1}`,
		`{"b": [1.5, {"a":1}]}`,
		`{"b": "[0] t: [[1.5, {}], {"}`,
		"{\n\"t\": [1.5, {\"a\":1}]\n}",
		"\n \t{\"b\": [1.5, {\"a\":1}]}",
		`[{"b": {"c": 1}}]`,
		`[{"b": [1, 0, 0]}]`,
		"[\n{\n\"b\": [1, 0, 0]}]",
	} {
		if got := detect([]byte(text + "\n")); got != JSON {
			t.Errorf("%s is %q", text, got)
		}
	}
}
