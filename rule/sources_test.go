package rule

import "testing"

// TestSourcesAreDistinct holds that two field paths are never taken for one, such as these, whose FNV hashes of 32 bits
// are equal.
func TestSourcesAreDistinct(t *testing.T) {
	var s sources
	for i, path := range []string{"costarring", "liquid", "declinate", "macallums"} {
		if got := s.number(path); got != uint32(i+1) {
			t.Errorf("%s is number %d", path, got)
		}
	}
	if got := s.number("liquid"); got != 2 {
		t.Errorf("liquid is number %d the second time", got)
	}
}
