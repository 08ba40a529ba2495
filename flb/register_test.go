package flb

import (
	"slices"
	"testing"

	"github.com/promexporter/promexporter/flb/flbtest"
)

var definition = Definition{
	Name:        "promexporter",
	Description: "Prometheus Exporter",
	Keys: []Key{
		{"listen_address", ":8989", "address to serve on"},
		{"namespace", "", ""},
		{"metrics_path", "/metrics", "path to serve"},
	},
}

var definitionKeys = []string{
	"listen_address=:8989 (address to serve on)",
	"namespace= ()",
	"metrics_path=/metrics (path to serve)",
}

// TestRegister checks that nothing is written past the definition of any version, whatever the allocator rounds sizes
// to.
func TestRegister(t *testing.T) {
	for _, v := range flbtest.Versions {
		t.Run(v.Name, func(t *testing.T) {
			d := flbtest.NewDef(v)
			defer d.Free()
			if status := RegisterOutput(d.Pointer(), definition); status != 0 {
				t.Fatalf("status %d", status)
			}
			if err := d.Check(definition.Name, definition.Description); err != nil {
				t.Error(err)
			}
			if d.HasMap() != d.HasRoom() {
				t.Fatalf("config map: %v, room for it: %v", d.HasMap(), d.HasRoom())
			}
			if d.HasMap() {
				if got := d.Keys(); !slices.Equal(got, definitionKeys) {
					t.Errorf("keys\n%q, want\n%q", got, definitionKeys)
				}
			}
			UnregisterOutput(d.Pointer())
			if d.HasRoom() && d.HasMap() {
				t.Error("the freed config map still hangs on the definition")
			}
		})
	}
}

func TestRegisterNewestTakesKeys(t *testing.T) {
	d := flbtest.NewDef(flbtest.Versions[len(flbtest.Versions)-1])
	defer d.Free()
	RegisterOutput(d.Pointer(), definition)
	defer UnregisterOutput(d.Pointer())
	if !d.HasMap() {
		t.Fatal("no config map")
	}
}

// TestRegisterEvents: hosts that ask for it learn that metrics are welcome.
func TestRegisterEvents(t *testing.T) {
	asked := 0
	for _, v := range flbtest.Versions {
		d := flbtest.NewDef(v)
		with := definition
		with.Events = Logs | Metrics
		RegisterOutput(d.Pointer(), with)
		if err := d.Check(definition.Name, definition.Description); err != nil {
			t.Errorf("%s: %v", v.Name, err)
		}
		if d.TakesEvents() {
			if asked++; d.Events() != 3 {
				t.Errorf("%s: events %d", v.Name, d.Events())
			}
		}
		UnregisterOutput(d.Pointer())
		d.Free()
	}
	if asked == 0 {
		t.Error("no version takes events")
	}
}

func TestRegisterWithoutKeys(t *testing.T) {
	for _, v := range flbtest.Versions {
		d := flbtest.NewDef(v)
		RegisterOutput(d.Pointer(), Definition{Name: "promexporter"})
		if d.HasRoom() && d.HasMap() {
			t.Errorf("%s: a config map without keys would refuse every key", v.Name)
		}
		UnregisterOutput(d.Pointer())
		d.Free()
	}
}

// TestRegisterReload checks that each definition has its own strings and config map, because the host registers the new
// one first.
func TestRegisterReload(t *testing.T) {
	v := flbtest.Versions[len(flbtest.Versions)-1]
	old, fresh := flbtest.NewDef(v), flbtest.NewDef(v)
	defer old.Free()
	defer fresh.Free()
	RegisterOutput(old.Pointer(), definition)
	isReload(t, "start", false, false)
	RegisterOutput(fresh.Pointer(), definition)
	isReload(t, "exit in a reload", true, false)
	UnregisterOutput(old.Pointer())
	isReload(t, "init in a reload", false, true)
	if err := fresh.Check(definition.Name, definition.Description); err != nil {
		t.Error(err)
	}
	if got := fresh.Keys(); !slices.Equal(got, definitionKeys) {
		t.Errorf("keys %q", got)
	}
	RegisterOutput(old.Pointer(), definition)
	UnregisterOutput(old.Pointer())
	isReload(t, "exit after a failed reload", false, true)
	UnregisterOutput(fresh.Pointer())
	isReload(t, "init after everything ended", false, false)
}

func isReload(t *testing.T, at string, reloading, reloaded bool) {
	t.Helper()
	if Reloading() != reloading || Reloaded() != reloaded {
		t.Errorf("%s: reloading %t, reloaded %t", at, Reloading(), Reloaded())
	}
}

func TestRegisterNil(t *testing.T) {
	if status := RegisterOutput(nil, definition); status != -1 {
		t.Errorf("status %d, want -1", status)
	}
	UnregisterOutput(nil)
}
