package conf

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/promexporter/promexporter/cmd/flbhost/property"
)

var environment = map[string]string{"HOME": "/home/u", "EMPTY": "", "A": "a"}

func getenv(name string) (string, bool) {
	v, ok := environment[name]
	return v, ok
}

// load parses args in a directory that holds files.
func load(t *testing.T, files map[string]string, args ...string) (*Config, error) {
	t.Helper()
	t.Chdir(t.TempDir())
	for name, content := range files {
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c, err := ParseArgs(args)
	if err != nil {
		return nil, err
	}
	return c.Load(getenv)
}

func defaults() Service { return Service{Flush: time.Second, Grace: 5 * time.Second} }

func section(name string, keysAndValues ...string) Section {
	return Section{Plugin: name, Properties: property.Of(keysAndValues...)}
}

func TestCommandLine(t *testing.T) {
	for _, tt := range []struct {
		name string
		args string
		want Config
	}{
		{"nothing", "", Config{Service: defaults()}},
		{
			"README", "-e ./x.so -i cpu -o promexporter -p listen_address=:0 -m cpu.*",
			Config{
				Service: defaults(), Plugins: []string{"./x.so"},
				Inputs:  []Section{section("cpu")},
				Outputs: []Section{section("promexporter", "listen_address", ":0", "match", "cpu.*")},
			},
		},
		{
			"properties go to the last", "-i cpu -p interval_sec=2 -t c -i mem -t m -o null -p A=b=c -o stdout -t out",
			Config{
				Service: defaults(),
				Inputs:  []Section{section("cpu", "interval_sec", "2", "tag", "c"), section("mem", "tag", "m")},
				Outputs: []Section{section("null", "a", "b=c"), section("stdout", "tag", "out")},
			},
		},
		{"match of an input", "-i cpu -m x -o null", Config{
			Service: defaults(), Inputs: []Section{section("cpu")}, Outputs: []Section{section("null")},
		}},
		{
			"long options", "--plugin=./x.so --input=cpu --output null --flush=0.5 --enable-hot-reload",
			Config{
				Service: Service{Flush: time.Second / 2, Grace: 5 * time.Second, HotReload: true},
				Plugins: []string{"./x.so"}, Inputs: []Section{section("cpu")}, Outputs: []Section{section("null")},
			},
		},
		{"variables", "-i dummy -p dummy=${A}${EMPTY:-e}", Config{
			Service: defaults(), Inputs: []Section{section("dummy", "dummy", "ae")},
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := load(t, nil, strings.Fields(tt.args)...)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(*got, tt.want) {
				t.Errorf("got  %+v\nwant %+v", *got, tt.want)
			}
		})
	}
}

func TestCommandLineSwitches(t *testing.T) {
	c, err := ParseArgs([]string{"-v", "--verbose", "-q", "-D", "--version", "-h", "-w", "/tmp", "-c", "f"})
	if err != nil {
		t.Fatal(err)
	}
	want := CommandLine{Verbose: 2, Quiet: true, DryRun: true, Version: true, Help: true, Workdir: "/tmp", File: "f"}
	if !reflect.DeepEqual(*c, want) {
		t.Errorf("got %+v, want %+v", *c, want)
	}
}

func TestCommandLineErrors(t *testing.T) {
	for args, want := range map[string]string{
		"-x":           "not defined: -x",
		"-i":           "needs an argument: -i",
		"-p a=b":       "comes before any -i and -o",
		"-i cpu -p a":  "write -p key=value",
		"-i cpu extra": `"extra" belongs to no option`,
		"-f 0":         "'flush': \"0\" is not a positive number",
		"-c absent":    "absent: no such file",
	} {
		if _, err := load(t, nil, strings.Fields(args)...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", args, err, want)
		}
	}
}

func TestClassic(t *testing.T) {
	files := map[string]string{
		"fluent-bit.conf": `
# a comment
@SET tag=t1
@INCLUDE conf.d/*.conf
[SERVICE]
    Flush        0.2
    Grace        3
    # an indented comment
    Log_Level    debug
    Daemon       off
    Plugins_File etc/plugins.conf
    Parsers_File parsers.conf
    Hot_Reload   On

[INPUT]
    Name  dummy
    Tag   ${tag}
    Dummy {"a": {"b": 1}}
[OUTPUT]
    Name  promexporter
    Match *
    Path  ${HOME}/x
	`,
		"conf.d/a.conf":      "[INPUT]\n  Name cpu\n",
		"conf.d/b.conf":      "[OUTPUT]\r\n\tName null\r\n",
		"etc/plugins.conf":   "[PLUGINS]\n    Path /abs/x.so\n    Path ./${A}.so\n[OTHER]\n    Path no\n",
		"conf.d/ignored.txt": "nothing",
	}
	got, err := load(t, files, "-c", "fluent-bit.conf", "-e", "./first.so", "-i", "mem", "-f", "9")
	if err != nil {
		t.Fatal(err)
	}
	want := Config{
		Service: Service{Flush: 200 * time.Millisecond, Grace: 3 * time.Second, LogLevel: "debug", HotReload: true},
		Plugins: []string{"./first.so", "/abs/x.so", "./${A}.so"},
		Inputs: []Section{
			section("mem"), section("cpu"), section("dummy", "tag", "t1", "dummy", `{"a": {"b": 1}}`),
		},
		Outputs:  []Section{section("null"), section("promexporter", "match", "*", "path", "/home/u/x")},
		Warnings: []string{"the development host ignores 'parsers_file' in the service section"},
	}
	if !reflect.DeepEqual(*got, want) {
		t.Errorf("got  %+v\nwant %+v", *got, want)
	}
}

func TestPluginsFileBesideTheConfiguration(t *testing.T) {
	for _, name := range []string{"plugins.conf", "plugins.yaml"} {
		content := "[PLUGINS]\n    Path ./x.so\n"
		if isYAML(name) {
			content = "plugins:\n  - ./x.so\n"
		}
		got, err := load(t, map[string]string{
			"etc/a.conf":  "[SERVICE]\n    Plugins_File " + name + "\n",
			"etc/" + name: content,
		}, "-c", "etc/a.conf")
		if err != nil || !slices.Equal(got.Plugins, []string{"./x.so"}) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

func TestClassicErrors(t *testing.T) {
	for _, tt := range []struct{ name, content, want string }{
		{"no value", "[INPUT]\n    Name\n", `a.conf:2: key "Name" has no value`},
		{"tab as separator", "[INPUT]\n    Name\tcpu\n", `a.conf:2: key "Name\tcpu" has no value`},
		{"no indentation", "[INPUT]\nName cpu\n", "a.conf:2: a key has to be indented"},
		{"changing indentation", "[INPUT]\n    Name cpu\n  Tag a\n", `a.conf:3: indentation is "  "`},
		{"no section", "    Name cpu\n", "a.conf:1: a key stands before any [SECTION]"},
		{"header", "[INPUT\n", "a.conf:1: a section starts with [NAME]"},
		{"plugins", "[PLUGINS]\n    Path x\n", "a.conf:1: [PLUGINS] does not belong here"},
		{"filter", "\n[FILTER]\n    Name grep\n", "a.conf:2: the development host has no [FILTER] sections"},
		{"parser", "[PARSER]\n    Name x\n", "a.conf:1: [PARSER] does not belong here"},
		{"no name", "[INPUT]\n    Tag x\n", "section 'input' is missing the 'name' property"},
		{"command", "@FOO x\n", "a.conf:1: unknown command @FOO"},
		{"set", "@SET x\n", "a.conf:1: @SET x has no value"},
		{"include", "@INCLUDE absent.conf\n", "a.conf:1: @INCLUDE: open absent.conf: no such file"},
		{"include itself", "@INCLUDE a.conf\n", "a.conf includes itself"},
		{"plugins file", "[SERVICE]\n    Plugins_File absent\n", "plugins_file: open absent: no such file"},
		{"grace", "[SERVICE]\n    Grace long\n", "service property 'grace': \"long\" is not"},
		{"hot reload", "[SERVICE]\n    Hot_Reload maybe\n", "service property 'hot_reload': \"maybe\" is neither on nor off"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := load(t, map[string]string{"a.conf": tt.content}, "-c", "a.conf")
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}

func TestYAML(t *testing.T) {
	files := map[string]string{"fluent-bit.yaml": `
env:
  name: prom
service:
  flush: 0.5
  logLevel: warn
  parsers_file: p.conf
parsers: []
plugins:
  - ./out_prom_exporter.so
  - sub/labOut.so
pipeline:
  inputs:
    - name: dummy
      tag: "t"
      dummy: '{"a": 1}'
      samples: 0010
      fixedTimestamp: true
  outputs:
    - name: ${name}exporter
      match: '*'
      Listen_Address: :8989
      label: [a, 1, 1.50]
      rules: |
        - one
        - two
      empty: ""
      none:
`}
	got, err := load(t, files, "-c", "fluent-bit.yaml")
	if err != nil {
		t.Fatal(err)
	}
	want := Config{
		Service: Service{Flush: 500 * time.Millisecond, Grace: 5 * time.Second, LogLevel: "warn"},
		Plugins: []string{"./out_prom_exporter.so", "sub/lab_out.so"},
		Inputs: []Section{section("dummy", "tag", "t", "dummy", `{"a": 1}`, "samples", "0010",
			"fixed_timestamp", "true")},
		Outputs: []Section{section("promexporter", "match", "*", "Listen_Address", ":8989", "label", "a", "label", "1",
			"label", "1.50", "rules", "- one\n- two\n", "empty", "", "none", "")},
		Warnings: []string{
			"fluent-bit.yaml: the development host ignores 'parsers'",
			"the development host ignores 'parsers_file' in the service section",
		},
	}
	if !reflect.DeepEqual(*got, want) {
		t.Errorf("got  %+v\nwant %+v", *got, want)
	}
}

func TestYAMLErrors(t *testing.T) {
	for _, tt := range []struct{ name, content, want string }{
		{"syntax", "a: [\n", "a.yaml:2:1: did not find expected node content"},
		{"top", "- a\n", "a.yaml:1:1: keys with values expected, found a list"},
		{"unknown part", "service:\n  flush: 1\nfoo: 1\n", "a.yaml:3:1: the development host does not know 'foo'"},
		{"filters", "pipeline:\n  filters: []\n", "a.yaml:2:3: the development host has no 'filters'"},
		{"inputs", "pipeline:\n  inputs: cpu\n", "a list expected, found a single value"},
		{"nested", "pipeline:\n  outputs:\n    - name: a\n      b: {c: d}\n", "a single value expected, found a mapping"},
		{"key twice", "service:\n  flush: 1\n  flush: 2\n", "a.yaml:3:3: the key 'flush' is there already"},
		{"alias", "service: &a\n  flush: 1\nenv: *a\n", "a.yaml:3:6: keys with values expected, found an alias"},
		{"empty list", "pipeline:\n  outputs:\n    - name: a\n      b: []\n", "a.yaml:4:7: the list of 'b' is empty"},
		{"upper-case name", "pipeline:\n  inputs:\n    - Name: cpu\n", "is missing the 'name' property"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := load(t, map[string]string{"a.yaml": tt.content}, "-c", "a.yaml")
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}

func TestEmptyYAML(t *testing.T) {
	for _, content := range []string{"", "# nothing\n", "plugins:\nservice:\n"} {
		if _, err := load(t, map[string]string{"a.yaml": content}, "-c", "a.yaml"); err != nil {
			t.Errorf("%q: %v", content, err)
		}
	}
}

func TestVariables(t *testing.T) {
	var warnings []string
	v := variables{
		set:         property.Of("A", "0", "A", "1", "B", ""),
		environment: func(s string) (string, bool) { return map[string]string{"A": "env", "C": "3"}[s], true },
		warn:        func(string, ...any) { warnings = append(warnings, "") },
	}
	for _, tt := range []struct {
		in, want string
		warnings int
	}{
		{"", "", 0},
		{"plain } {", "plain } {", 0},
		{"${A}", "1", 0},
		{"x${A}y${C}z", "x1y3z", 0},
		{"${B}", "", 1},
		{"${NONE}x", "x", 1},
		{"${NONE:-d}x${A:-d}", "dx1", 0},
		{"${NONE:-}", "", 0},
		{"${}", "${}", 0},
		{"${A", "${A", 0},
		{"$A $1", "$A $1", 0},
		{"^a{2}${A}$", "^a{2}${A}$", 0},
		{"${A}a{2}${C}", "1${C}", 0},
		{"${A}x${C", "1", 0},
	} {
		warnings = nil
		if got := v.replace(tt.in); got != tt.want || len(warnings) != tt.warnings {
			t.Errorf("%q became %q with %d warnings, want %q with %d", tt.in, got, len(warnings), tt.want, tt.warnings)
		}
	}
	if v.lookup("HOSTNAME") == "" {
		t.Error("no HOSTNAME")
	}
}

// What the project ships has to be understood.
func TestShippedConfiguration(t *testing.T) {
	for _, name := range []string{"fluent-bit.conf", "fluent-bit.yaml"} {
		c, err := ParseArgs([]string{"-c", filepath.Join("../../..", name)})
		if err != nil {
			t.Fatal(err)
		}
		got, err := c.Load(getenv)
		if err != nil {
			t.Fatal(err)
		}
		if len(got.Plugins) == 0 || len(got.Inputs) == 0 || len(got.Outputs) == 0 || len(got.Warnings) > 0 {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
