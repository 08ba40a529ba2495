// Package imports tests which package may import which.
package imports

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

// allowed lists the packages of the module that each package may import, with the reason.
var allowed = map[string]struct {
	imports []string
	reason  string
}{
	"":                            {[]string{"config", "exporter", "flb", "pipeline"}, "the exports only open pipelines"},
	"flb":                         {nil, "the C side serves both plugins and knows no other package"},
	"config":                      {[]string{"internal/address", "internal/metric"}, "a configuration is checked before anything else exists"},
	"record":                      {nil, "reading bytes needs no rule and no series"},
	"cmetrics":                    {[]string{"record"}, "metrics events share msgpack with records and nothing else"},
	"receive":                     {[]string{"cmetrics", "collector", "internal/metric", "record", "rule"}, "what is received is between events and series"},
	"collector":                   {[]string{"collector/internal/quantile", "internal/exposition", "internal/metric"}, "series know nothing of records, rules or Fluent Bit"},
	"collector/internal/quantile": {nil, "estimates know nothing of series"},
	"exporter": {[]string{"internal/address", "internal/exposition", "internal/fence", "internal/ratelog"},
		"the server serves families from any source and knows nothing of Fluent Bit"},
	"exporter/internal/clients":  {nil, "a bound on clients knows nothing of what they ask for"},
	"exporter/internal/listen":   {[]string{"exporter/internal/clients", "internal/address"}, "listening knows nothing of what is served"},
	"exporter/internal/access":   {[]string{"exporter/internal/clients"}, "authentication does not depend on the content of pages"},
	"exporter/internal/families": {[]string{"internal/exposition", "internal/metric"}, "merging knows nothing of HTTP"},
	"exporter/internal/render":   {[]string{"exporter/internal/families", "internal/exposition", "internal/fence"}, "rendering knows nothing of where families come from"},
	"exporter/internal/status":   {nil, "status pages are made of plain values"},
	"rule":                       {[]string{"config", "record", "collector", "internal/metric"}, "rules turn records into samples of series"},
	"procfs":                     {[]string{"internal/ratelog"}, "the input's rounds and records know nothing of Fluent Bit"},
	"cmd/in_go_procfs":           {[]string{"flb", "procfs"}, "the exports only open sections"},
	"pipeline": {[]string{"cmetrics", "config", "receive", "record", "rule", "collector", "exporter", "flb", "internal/exposition", "internal/fence",
		"internal/ratelog", "internal/statefile"}, "the pipeline joins the packages"},
	"sample": {[]string{"internal/forward", "internal/jsonpack", "record"}, "samples are read without rules"},
	"trial": {[]string{"cmetrics", "collector", "config", "exporter", "internal/exposition", "internal/jsonpack", "receive", "record", "rule",
		"sample"},
		"rules are tried without an agent and without a server"},
	"cases":               {[]string{"config", "internal/markdown", "rule", "sample", "trial"}, "tests are run as records are tried"},
	"receiver":            {[]string{"internal/forward", "internal/jsonpack"}, "receiving knows nothing of what becomes of events"},
	"internal/forward":    {nil, "messages know nothing of what becomes of their events"},
	"internal/jsonpack":   {nil, "JSON and msgpack know nothing of records"},
	"cmd/promexporter":    {[]string{"cases", "check", "collector", "config", "finding", "internal/ansi", "internal/fluentconf", "internal/jsonpack", "receiver", "rule", "rules", "sample", "trial"}, "commands join flags, one call and printing"},
	"check":               {[]string{"config", "finding", "internal/fluentconf"}, "files are checked without records and series"},
	"finding":             {[]string{"config", "internal/ansi"}, "what is found is written in the same way, whoever found it"},
	"internal/fluentconf": {nil, "what a section means is left to the caller"},
	"internal/statefile":  {nil, "replacing a file knows nothing of what it holds"},
}

// only lists imports that are restricted to a few packages, with the reason.
var only = map[string]struct {
	packages []string
	reason   string
}{
	"C": {[]string{"", "cmd/in_go_procfs", "flb", "flb/flbtest"}, "one place crosses the C boundary"},
	"net/http": {[]string{"exporter", "exporter/internal/access", "exporter/internal/listen", "exporter/internal/render",
		"exporter/internal/status"}, "one package speaks HTTP"},
	"os/signal": {[]string{"test/flbhost", "cmd/promexporter"},
		"a signal handler of the plugin would take Fluent Bit's signals away"},
	"log": {[]string{"exporter"}, "everything logs through log/slog; net/http's server alone wants a log.Logger"},
}

// ofPrograms lists packages of this module and others that the plugins must not contain, so that they stay small: those
// of the program promexporter, and what only it needs.
var ofPrograms = []string{
	module + "/cases", module + "/check", module + "/cmd/promexporter", module + "/finding", module + "/internal/ansi",
	module + "/internal/fluentconf", module + "/internal/forward", module + "/internal/jsonpack", module + "/internal/markdown",
	module + "/receiver", module + "/rules", module + "/sample", module + "/trial",
	"github.com/go-json-experiment/json/jsontext", "github.com/spf13/cobra", "golang.org/x/term", "testing",
}

// TestPlugins holds that the plugins contain nothing of the programs beside them, however indirectly.
func TestPlugins(t *testing.T) {
	for _, plugin := range []string{module, module + "/cmd/in_go_procfs"} {
		out, err := exec.Command("go", "list", "-pgo=off", "-deps", plugin).Output()
		if err != nil {
			t.Fatalf("go list: %v", err)
		}
		deps := strings.Fields(string(out))
		for _, path := range ofPrograms {
			if slices.Contains(deps, path) {
				t.Errorf("%s contains %s", plugin, path)
			}
		}
		if !slices.Contains(deps, module+"/flb") {
			t.Errorf("%d packages, and none is that of the C side", len(deps))
		}
	}
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

// folder returns the folder of a package of the module.
func folder(path string) (string, bool) {
	if path == module {
		return "", true
	}
	return strings.CutPrefix(path, module+"/")
}

func TestImports(t *testing.T) {
	seen := 0
	for _, p := range list(t) {
		from, _ := folder(p.ImportPath)
		rules, bound := allowed[from]
		if bound {
			seen++
		}
		for _, path := range p.Imports {
			to, ours := folder(path)
			if bound && ours && !slices.Contains(rules.imports, to) && !strings.HasPrefix(to, from+"/internal") {
				t.Errorf("%q imports %q: %s", from, to, rules.reason)
			}
			if o, ok := only[path]; ok && !slices.Contains(o.packages, from) {
				t.Errorf("%q imports %q: %s", from, path, o.reason)
			}
		}
	}
	if seen != len(allowed) {
		t.Errorf("%d of %d packages were found", seen, len(allowed))
	}
}
