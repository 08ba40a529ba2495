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
		"classic": {[]string{"a.conf", "# comment\n[SERVICE]\n    Flush 1\n[OUTPUT]\r\n    Name  promexporter\r\n    Namespace ${x}${FLUENTCONF_SET}$y\n"},
			"service a.conf:2\n  3:5:11 flush=1\noutput a.conf:4\n  5:5:11 name=promexporter\n  6:5:15 namespace=env$yx\n"},
		"set and include": {[]string{"a.conf", "@SET n=é\n@INCLUDE b*.conf\n", "b1.conf", "[OUTPUT]\n    Name ${n}\n"},
			"output b1.conf:1\n  2:5:10 name=é\n"},
		"an endless include": {[]string{"a.conf", "@INCLUDE a.conf\n"}, "a.conf:1:1 includes nest too deep\n"},
		"no value":           {[]string{"a.conf", "[OUTPUT]\n    Name\n    Match\t*\n"}, "output a.conf:1\na.conf:2:5 the key Name has no value\na.conf:3:5 a tab after the key Match\n"},
		"a command":          {[]string{"a.conf", "@NONE x\n@SET x\n"}, "a.conf:1:1 unknown command @NONE\na.conf:2:1 @SET without =\n"},
		"yaml": {[]string{"a.yaml", "env: {n: x}\nservice: {flush: 1}\npipeline:\n  outputs:\n    - Name: ${n}\n      processors: {logs: []}\n"},
			"service a.yaml:2\n  2:11:18 flush=1\noutput a.yaml:5\n  5:7:13 name=x\n"},
		"yaml with includes": {[]string{"a.yaml", "includes: [b.yaml, none.yaml]\n", "b.yaml", "pipeline: {outputs: [{name: x}]}\n"},
			"output b.yaml:1\n  1:23:29 name=x\na.yaml:1:20 no file /none.yaml\n"},
		"no yaml":            {[]string{"a.yaml", "a: [\n"}, "a.yaml:2:1 not YAML: did not find expected node content\n"},
		"no mapping":         {[]string{"a.yaml", "- a\n"}, "a.yaml:1:1 no configuration of Fluent Bit\n"},
		"an empty yaml":      {[]string{"a.yaml", ""}, ""},
		"no section":         {[]string{"a.yaml", "pipeline: {outputs: [x]}\n"}, "a.yaml:1:22 not a section\n"},
		"no list":            {[]string{"a.yaml", "pipeline:\n  inputs:\n  outputs:\n    name: x\n    match: y\n"}, "a.yaml:4:5 outputs is not a list\n"},
		"utf-16":             {[]string{"a.conf", "\xff\xfe[\x00O\x00]\x00"}, "a.conf:1:1 a NUL byte, which UTF-16 has and text does not\n"},
		"utf-16 without bom": {[]string{"a.yaml", "[\x00O\x00]\x00"}, "a.yaml:1:1 a NUL byte, which UTF-16 has and text does not\n"},
		"latin 1":            {[]string{"a.conf", "[OUTPUT]\n    Name \xfc\n"}, "output a.conf:1\n  2:5:10 name=\xfc\n"},
		"a byte order mark": {[]string{"a.conf", "\uFEFF[OUTPUT]\n"},
			"output a.conf:1\na.conf:1:1 the file begins with a byte order mark, which Fluent Bit takes for a key\n"},
		"text after a bracket": {[]string{"a.conf", "[OUTPUT] x\n"}, "output a.conf:1\n"},
		"a path in blanks": {[]string{"a.conf", "@INCLUDE  b.conf\n@INCLUDE b.conf \n@SET a=b \n", "b.conf", ""},
			"a.conf:1:1 blanks around the path\na.conf:2:1 blanks around the path\n"},
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

// TestIndentation has what Fluent Bit makes of the same files: it ends with "invalid indentation level" where a mistake is
// wanted.
func TestIndentation(t *testing.T) {
	for name, test := range map[string]struct{ text, want string }{
		"none":                  {"[OUTPUT]\nName x\nMatch *\n", "2:1 the line is not indented; indent each key, for example by 4 spaces"},
		"none below others":     {"[INPUT]\n  Tag x\nName x\n", "3:1 the indentation is 0 spaces, and that of line 2 is 2 spaces; indent this line by 2 spaces too"},
		"less":                  {"[INPUT]\n    Tag x\n  Name x\n", "3:3 the indentation is 2 spaces, and that of line 2 is 4 spaces; indent this line by 4 spaces too"},
		"more":                  {"[INPUT]\n\tTag x\n\t\t\tName x\n", "3:4 the indentation is 3 tabs, and that of line 2 is 1 tab; indent this line by 1 tab too"},
		"twice as much":         {"[INPUT]\n  Tag x\n    Name x\n", ""},
		"in another section":    {"[INPUT]\n  Tag x\n[OUTPUT]\n    Name x\n[OUTPUT]\n Name x\n Match *\n", "6:2 the indentation is 1 space, and that of line 2 is 2 spaces; indent this line by 2 spaces too"},
		"in both sections":      {"[INPUT]\n  Tag x\n Name x\n[OUTPUT]\n Name x\n", "3:2 the indentation is 1 space, and that of line 2 is 2 spaces; indent this line by 2 spaces too\n5:2 the indentation is 1 space, and that of line 2 is 2 spaces; indent this line by 2 spaces too"},
		"a tab for spaces":      {"[INPUT]\n    Tag x\n\tName x\n", "3:2 the indentation is 1 tab, and that of line 2 is 4 spaces; indent this line by 4 spaces too"},
		"both":                  {"[INPUT]\n\tTag x\n \tName x\n", "3:3 the indentation is 1 space and 1 tab, and that of line 2 is 1 tab; indent this line by 1 tab too"},
		"spaces after a tab":    {"[INPUT]\n\tTag x\n\t  Name x\n", "3:4 the indentation is 2 spaces and 1 tab, and that of line 2 is 1 tab; indent this line by 1 tab too"},
		"another kind of space": {"[INPUT]\n  Tag x\n\u00a0\u00a0Name x\n", "3:3 the indentation is 0 spaces, and that of line 2 is 2 spaces; indent this line by 2 spaces too"},
		"a comment":             {"[INPUT]\n    Tag x\n  # x\n# x\n    # x\n", "3:3 the indentation is 2 spaces, and that of line 2 is 4 spaces; indent this line by 4 spaces too"},
		"a comment is first":    {"[INPUT]\n  # x\n    Tag x\n      Name x\n", "4:7 the indentation is 6 spaces, and that of line 2 is 2 spaces; indent this line by 2 spaces too"},
		"a line of spaces":      {"[INPUT]\n    Tag x\n  \n\n    Name x\n    \n", "3:1 the indentation is 2 spaces, and that of line 2 is 4 spaces; remove the blanks of this line"},
		"a first line of them":  {" \r\n[INPUT]\r\n    Tag x\r\n", "3:5 the indentation is 4 spaces, and that of line 1 is 1 space; remove the blanks of line 1"},
		"a section":             {"[INPUT]\n    Tag x\n    [OUTPUT]\n    Name x\n", "3:5 a section or a command that is indented; write [OUTPUT] at the start of the line"},
		"a command":             {"[INPUT]\n    Tag x\n    @SET x=y\n", "3:5 a section or a command that is indented; write @SET x=y at the start of the line"},
		"after an include":      {"[INPUT]\n    Tag x\n@SET a=b\n    Name x\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := Read(write(t, "a.conf", test.text))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, m := range c.Mistakes {
				got = append(got, fmt.Sprintf("%d:%d %s; %s", m.Line, m.Column, m.Wrong, m.Right))
			}
			if got := strings.Join(got, "\n"); got != test.want {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}

// TestIncludedIndentation holds that each file has an indentation of its own.
func TestIncludedIndentation(t *testing.T) {
	c, err := Read(write(t, "a.conf", "[INPUT]\n  Tag x\n@INCLUDE b.conf\n", "b.conf", "[OUTPUT]\n\tName x\n"))
	if err != nil || len(c.Mistakes) > 0 {
		t.Errorf("got %v, %v", c.Mistakes, err)
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
