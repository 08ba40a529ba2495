package flb

import (
	"testing"

	"github.com/promexporter/promexporter/flb/flbtest"
)

// TestFaultsStayRecoverable does what SIGHUP does to the process and dereferences nil after each way in.
func TestFaultsStayRecoverable(t *testing.T) {
	register := func() {
		d := flbtest.NewDef(newest)
		defer d.Free()
		RegisterOutput(d.Pointer(), definition)
		UnregisterOutput(d.Pointer())
	}
	register()
	for name, enter := range map[string]func(){
		"register": register,
		"init":     func() { open(t, newest, 3) },
		"flush":    func() { Context(0) },
	} {
		flbtest.ReplaceFaultHandlers()
		enter()
		if !faultRecovered() {
			t.Errorf("%s: no panic", name)
		}
	}
}

//go:noinline
func faultRecovered() (recovered bool) {
	defer func() { recovered = recover() != nil }()
	var none *struct{ field int }
	none.field++
	return false
}
