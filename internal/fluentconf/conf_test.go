package fluentconf

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// write makes files in a folder of the test and returns the path of the first.
func write(t testing.TB, namesAndTexts ...string) string {
	t.Helper()
	dir := t.TempDir()
	for i := 0; i < len(namesAndTexts); i += 2 {
		path := filepath.Join(dir, namesAndTexts[i])
		if err := os.WriteFile(path, []byte(namesAndTexts[i+1]), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, namesAndTexts[0])
}

// describe writes a configuration line by line.
func describe(c *Config) string {
	var b strings.Builder
	for _, s := range c.Sections {
		fmt.Fprintf(&b, "%s %s:%d\n", s.Kind, filepath.Base(s.File), s.Line)
		for _, p := range s.Properties {
			fmt.Fprintf(&b, "  %d:%d:%d %s=%s%s\n", p.Line, p.Column, p.ValueAt, p.Key, p.Value, p.Undefined)
		}
	}
	for _, m := range c.Mistakes {
		fmt.Fprintf(&b, "%s:%d:%d %s\n", filepath.Base(m.File), m.Line, m.Column, strings.ReplaceAll(m.Wrong, filepath.Dir(m.File), ""))
	}
	return b.String()
}

func TestRead(t *testing.T) {
	t.Setenv("FLUENTCONF_SET", "env")
	for name, test := range map[string]struct {
		files []string
		want  string
	}{
		"classic": {[]string{"a.conf", "# comment\n[SERVICE]\n    Flush 1\n[OUTPUT]\r\n\tName  promexporter\r\n    Namespace ${x}${FLUENTCONF_SET}$y\n"},
			"service a.conf:2\n  3:5:11 flush=1\noutput a.conf:4\n  5:2:8 name=promexporter\n  6:5:15 namespace=env$yx\n"},
		"set and include": {[]string{"a.conf", "@SET n=é\n@INCLUDE b*.conf\n", "b1.conf", "[OUTPUT]\n    Name ${n}\n"},
			"output b1.conf:1\n  2:5:10 name=é\n"},
		"an endless include": {[]string{"a.conf", "@INCLUDE a.conf\n"}, "a.conf:1:1 includes nest too deep\n"},
		"no value":           {[]string{"a.conf", "[OUTPUT]\n    Name\n    Match\t*\n"}, "output a.conf:1\na.conf:2:5 the key Name has no value\na.conf:3:5 the key Match\t* has no value\n"},
		"a command":          {[]string{"a.conf", "@NONE x\n@SET x\n"}, "a.conf:1:1 unknown command @NONE\na.conf:2:1 @SET without =\n"},
		"yaml": {[]string{"a.yaml", "env: {n: x}\nservice: {flush: 1}\npipeline:\n  outputs:\n    - Name: ${n}\n      processors: {logs: []}\n"},
			"service a.yaml:2\n  2:11:18 flush=1\noutput a.yaml:5\n  5:7:13 name=x\n"},
		"yaml with includes": {[]string{"a.yaml", "includes: [b.yaml, none.yaml]\n", "b.yaml", "pipeline: {outputs: [{name: x}]}\n"},
			"output b.yaml:1\n  1:23:29 name=x\na.yaml:1:20 no file /none.yaml\n"},
		"no yaml":        {[]string{"a.yaml", "a: [\n"}, "a.yaml:2:1 not YAML: did not find expected node content\n"},
		"no mapping":     {[]string{"a.yaml", "- a\n"}, "a.yaml:1:1 no configuration of Fluent Bit\n"},
		"an empty yaml":  {[]string{"a.yaml", ""}, ""},
		"no section":     {[]string{"a.yaml", "pipeline: {outputs: [x]}\n"}, "a.yaml:1:22 no section\n"},
		"byte order and": {[]string{"a.conf", "\uFEFF[OUTPUT]\n"}, "output a.conf:1\n"},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := Read(write(t, test.files...))
			if err != nil {
				t.Fatal(err)
			}
			if got := describe(c); got != test.want {
				t.Errorf("got\n%swant\n%s", got, test.want)
			}
		})
	}
}

// TestGrowth holds that small files do not become large.
func TestGrowth(t *testing.T) {
	for name, files := range map[string][]string{
		"variables":   {"a.conf", "@SET a=xxxxxxxx\n" + strings.Repeat("@SET a=${a}${a}\n", 40)},
		"one value":   {"a.conf", "@SET a=" + strings.Repeat("x", 10_000) + "\n[OUTPUT]\n x " + strings.Repeat("${a}", 10_000)},
		"includes":    {"a.conf", strings.Repeat("@INCLUDE a.conf\n", 10)},
		"in circles":  {"a.conf", strings.Repeat("@INCLUDE *.conf\n", 10), "b.conf", strings.Repeat("@INCLUDE *.conf\n", 10)},
		"yaml":        {"a.yaml", "includes: [a.yaml, a.yaml, a.yaml, a.yaml, a.yaml, a.yaml]\n"},
		"environment": {"a.yaml", "env: {a: " + strings.Repeat("x", 10_000) + "}\nservice: {b: '" + strings.Repeat("${a}", 10_000) + "'}\n"},
	} {
		t.Run(name, func(t *testing.T) {
			if c, err := Read(write(t, files...)); err == nil || !strings.Contains(err.Error(), "more than 4194304 bytes") {
				t.Errorf("got %v, %v", c, err)
			}
		})
	}
}

func FuzzRead(f *testing.F) {
	f.Add("[OUTPUT]\n    Name ${x}\n@SET a=b\n", false)
	f.Add("@SET a=b\n@SET a=${a}${a}\n@SET a=${a}${a}\n[OUTPUT]\n a ${a}\n\xff\u0085\n@INCLUDE *\n", false)
	f.Add("pipeline: {outputs: [{name: &a x, b: *a}]}\n", true)
	f.Add("pipeline:\n  outputs:\n  - name: >\n\n      a\n    <<: &a {'': , ? b : \"\n\nd\"}\nenv: {a: *a, b: ${a}}\nincludes: [*a]\n", true)
	f.Fuzz(func(t *testing.T, text string, isYAML bool) {
		r := reader{variables: make(map[string]string)}
		if isYAML {
			r.yaml("a.yaml", []byte(text), maxIncludes)
		} else {
			r.classic("a.conf", []byte(text), maxIncludes)
		}
		for _, s := range r.Sections {
			for _, p := range s.Properties {
				if p.Line < 1 || p.Column < 1 || p.ValueAt < 1 {
					t.Errorf("%+v has no place", p)
				}
			}
		}
	})
}
