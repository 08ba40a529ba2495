package flb

import (
	"os"
	"os/exec"
	"syscall"
	"testing"

	"github.com/promexporter/promexporter/flb/flbtest"
)

// TestFaultsStayRecoverable does what SIGHUP does to the process, and dereferences nil after a call of each function of
// the package.
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

// TestFaultsStayRecoverableByThemselves has the host replace the handlers while it calls no function. It runs itself in
// a new process, with the host's handlers.
func TestFaultsStayRecoverableByThemselves(t *testing.T) {
	const child = "PROMEXPORTER_TEST_HOST_SIGNALS"
	if os.Getenv(child) == "" {
		cmd := exec.Command(os.Args[0], "-test.run=^TestFaultsStayRecoverableByThemselves$")
		cmd.Env = append(os.Environ(), child+"=1")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	flbtest.HandleSignals()
	d := flbtest.NewDef(newest)
	defer d.Free()
	RegisterOutput(d.Pointer(), definition)
	defer UnregisterOutput(d.Pointer())
	for _, s := range []syscall.Signal{syscall.SIGHUP, syscall.SIGCONT, syscall.SIGCONT, syscall.SIGHUP} {
		flbtest.Raise(s)
		if !faultRecovered() {
			t.Errorf("after %v: no panic", s)
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
