package flb

import (
	"slices"
	"testing"
)

func TestNamesTake(t *testing.T) {
	var n names
	for range 2 {
		var got []string
		for _, host := range []string{"", "", "front", "front", "front#2", "front", "promexporter.6", ""} {
			got = append(got, n.unique(host, "promexporter"))
		}
		want := []string{
			"promexporter.0", "promexporter.1", "front", "front#2", "front#2#2", "front#3", "promexporter.6", "promexporter.7",
		}
		if !slices.Equal(got, want) {
			t.Errorf("names\n%q, want\n%q", got, want)
		}
		n.reset()
	}
}
