package conf

import (
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/promexporter/promexporter/test/flbhost/host"
	"github.com/promexporter/promexporter/test/flbhost/property"
)

// read parses args in a directory that has these files.
func read(t *testing.T, files map[string]string, args ...string) (*Config, error) {
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
	return Read(args, io.Discard)
}

func named(name string, keysAndValues ...string) host.Section {
	return host.Section{Plugin: name, Properties: property.Of(keysAndValues...)}
}

func sameSections(got, want []host.Section) bool {
	return slices.EqualFunc(got, want, func(a, b host.Section) bool {
		return a.Plugin == b.Plugin && slices.Equal(a.Properties, b.Properties)
	})
}

func TestCommandLine(t *testing.T) {
	for _, tt := range []struct {
		name, args string
		want       Config
	}{
		{"nothing", "", Config{Flush: time.Second}},
		{"README", "-e ./x.so -i cpu -i mem -o promexporter -p listen_address=:0 -m cpu.*", Config{
			Flush: time.Second,
			Config: host.Config{
				Plugins: []string{"./x.so"}, Inputs: []host.Section{named("cpu"), named("mem")},
				Outputs: []host.Section{named("promexporter", "listen_address", ":0", "match", "cpu.*")},
			},
		}},
		{"properties of the last section", "-i dummy -p Rate=2 -t c -i mem -t m -o null -p a=b=c -o stdout", Config{
			Flush: time.Second,
			Config: host.Config{
				Inputs:  []host.Section{named("dummy", "rate", "2", "tag", "c"), named("mem", "tag", "m")},
				Outputs: []host.Section{named("null", "a", "b=c"), named("stdout")},
			},
		}},
		{"switches", "-v -v -v -Y --dry-run -f 0.5", Config{
			Flush: time.Second / 2, DryRun: true, Config: host.Config{LogLevel: host.Trace, HotReload: true},
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := read(t, nil, strings.Fields(tt.args)...)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(*got, tt.want) {
				t.Errorf("got  %+v\nwant %+v", *got, tt.want)
			}
		})
	}
}

func TestCommandLineErrors(t *testing.T) {
	for args, want := range map[string]string{
		"-x":           "not defined: -x",
		"-i":           "needs an argument: -i",
		"-p a=b":       "write -i or -o before it",
		"-i cpu -p a":  "write -p key=value",
		"-i cpu extra": `"extra" does not belong to an option`,
		"-f 0":         `"0" is not a positive number`,
		"-f NaN":       `"NaN" is not a positive number`,
		"-c absent":    "absent: no such file",
	} {
		if _, err := read(t, nil, strings.Fields(args)...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", args, err, want)
		}
	}
}

func TestClassic(t *testing.T) {
	files := map[string]string{
		"etc/fluent-bit.conf": `
# a comment
[SERVICE]
    Flush        0.2
    # an indented comment
    Log_Level    warn
    Plugins_File plugins.conf
    Hot_Reload   On
    Hot_Reload.Ensure_Thread_Safety Off

[INPUT]
    Name  dummy
    Dummy {"a": {"b": 1}}
[OUTPUT]
	Name  promexporter
	Match *
	` + "\r\n[OUTPUT]\r\n  Name null\r\n",
		"etc/plugins.conf": "[PLUGINS]\n    Path /abs/x.so\n    Path ./y.so\n[OTHER]\n    Path no\n",
	}
	got, err := read(t, files, "-c", "etc/fluent-bit.conf", "-e", "./first.so", "-i", "mem", "-f", "9")
	if err != nil {
		t.Fatal(err)
	}
	if got.Flush != 200*time.Millisecond || got.LogLevel != host.Warn || !got.HotReload ||
		!slices.Equal(got.Plugins, []string{"./first.so", "/abs/x.so", "./y.so"}) ||
		!sameSections(got.Inputs, []host.Section{named("mem"), named("dummy", "name", "dummy", "dummy", `{"a": {"b": 1}}`)}) ||
		!sameSections(got.Outputs, []host.Section{named("promexporter", "name", "promexporter", "match", "*"), named("null", "name", "null")}) {
		t.Errorf("got %+v", *got)
	}
}

func TestClassicErrors(t *testing.T) {
	for _, tt := range []struct{ name, content, want string }{
		{"no value", "[INPUT]\n    Name\n", `a.conf:2: key "Name" has no value`},
		{"tab as separator", "[INPUT]\n    Name\tcpu\n", `a.conf:2: key "Name\tcpu" has no value`},
		{"no indentation", "[INPUT]\nName cpu\n", `a.conf:2: key "Name" is not indented`},
		{"no section", "    Name cpu\n", "a.conf:1: a key comes before the first [SECTION]"},
		{"header", "[INPUT\n", "a.conf:1: the development host does not support [INPUT"},
		{"indented header", "  [INPUT]\n", "a.conf:1: the development host does not support [INPUT]"},
		{"command", "@INCLUDE x\n", "a.conf:1: the development host does not support @INCLUDE x"},
		{"variable", "[INPUT]\n    Name ${X}\n", "a.conf:2: the development host does not support variables"},
		{"plugins", "[PLUGINS]\n    Path x\n", "a.conf:1: the development host does not support [PLUGINS]"},
		{"filter", "\n[FILTER]\n    Name grep\n", "a.conf:2: the development host does not support [FILTER]"},
		{"no name", "[INPUT]\n    Tag x\n", "a.conf:1: [INPUT] has no Name"},
		{"plugins file", "[SERVICE]\n    Plugins_File absent\n", "a.conf:1: plugins_file: open absent: no such file"},
		{"log level", "[SERVICE]\n    Log_Level loud\n", `log_level: unknown log level "loud"; use one of off, error`},
		{"flush", "[SERVICE]\n    Flush often\n", `flush: "often" is not a positive number`},
		{"hot reload", "[SERVICE]\n    Hot_Reload maybe\n", `hot_reload: "maybe" is neither on nor off`},
		{"service", "[SERVICE]\n    Daemon On\n", "daemon: the development host does not support this key"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := read(t, map[string]string{"a.conf": tt.content}, "-c", "a.conf")
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}
