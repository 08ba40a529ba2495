// Package house holds the plan of the code: which room may import which.
package house

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/promexporter/promexporter"

// rooms lists what each room of the plugin may import of the module, with the
// reason for the bound.
var rooms = map[string]struct {
	imports []string
	reason  string
}{
	"":                 {[]string{"config", "exporter", "flb", "pipeline"}, "the door only opens pipelines"},
	"flb":              {nil, "the C side serves both doors and knows no room"},
	"config":           {[]string{"internal/exposition"}, "a configuration is checked before anything else exists"},
	"record":           {nil, "reading bytes needs no rule and no series"},
	"collector":        {[]string{"internal/exposition"}, "series know nothing of records, rules or Fluent Bit"},
	"exporter":         {[]string{"internal/exposition"}, "the server serves families, whoever makes them, and knows nothing of Fluent Bit"},
	"rule":             {[]string{"config", "record", "collector"}, "rules stand between records and series"},
	"procfs":           {nil, "the input's rounds and records know nothing of Fluent Bit"},
	"cmd/in_go_procfs": {[]string{"flb", "procfs"}, "the input's door only opens sections"},
	"pipeline":         {[]string{"config", "record", "rule", "collector", "exporter", "flb"}, "the hall joins the rooms"},
}

// only lists imports that a few packages may have, with the reason.
var only = map[string]struct {
	rooms  []string
	reason string
}{
	"C":        {[]string{"", "cmd/in_go_procfs", "flb", "flb/flbtest"}, "one place crosses the C boundary"},
	"net/http": {[]string{"exporter"}, "one room speaks HTTP"},
	"os/signal": {[]string{"test/flbhost"},
		"a signal handler of the plugin would take Fluent Bit's signals away"},
	"log": {[]string{"exporter"}, "everything logs through log/slog; net/http's server alone wants a log.Logger"},
}

type pkg struct {
	ImportPath string
	Imports    []string
}

func list(t *testing.T) []pkg {
	t.Helper()
	// With default.pgo, packages are listed under one more name.
	cmd := exec.Command("go", "list", "-pgo=off", "-json=ImportPath,Imports", module+"/...")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []pkg
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

// room returns the folder of a package of the module.
func room(path string) (string, bool) {
	if path == module {
		return "", true
	}
	return strings.CutPrefix(path, module+"/")
}

func TestImports(t *testing.T) {
	seen := 0
	for _, p := range list(t) {
		from, _ := room(p.ImportPath)
		rules, bound := rooms[from]
		if bound {
			seen++
		}
		for _, path := range p.Imports {
			to, ours := room(path)
			if bound && ours && !slices.Contains(rules.imports, to) && !strings.HasPrefix(to, from+"/internal") {
				t.Errorf("%q imports %q: %s", from, to, rules.reason)
			}
			if o, ok := only[path]; ok && !slices.Contains(o.rooms, from) {
				t.Errorf("%q imports %q: %s", from, path, o.reason)
			}
		}
	}
	if seen != len(rooms) {
		t.Errorf("%d of %d rooms were found", seen, len(rooms))
	}
}
