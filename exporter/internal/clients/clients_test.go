package clients

import (
	"net/netip"
	"testing"
)

func TestOf(t *testing.T) {
	for remote, want := range map[string]netip.Addr{
		"192.0.2.1:5": netip.MustParseAddr("192.0.2.1"), "[::ffff:192.0.2.1]:5": netip.MustParseAddr("192.0.2.1"),
		"[2001:db8:0:1:2::3%eth0]:5": netip.MustParseAddr("2001:db8:0:1::"), "@": {}, "": {},
	} {
		if got := Of(remote); got != want {
			t.Errorf("%q: %s, want %s", remote, got, want)
		}
	}
}
