package parsertest_test

import (
	"slices"
	"testing"

	"github.com/promexporter/promexporter/internal/parsertest"
)

const rules = `# A program. Fluent Bit needs parsers:
#
#   # parsers_a.conf
#   [MULTILINE_PARSER]
#       Name          entry
#       Type          regex
#       Rule          "start_state" "/^# /"     "cont"
#       Rule          "cont"        "/^(?!# )/" "cont"
#   [PARSER]
#       Name     words
#       Format   regex
#       Regex    ^# (?<time>\d+) (?<first>\w*) (?<second>\w*)\n(?<third>\w+)
#       Time_Key time
#
#   [INPUT]
#       Name             tail
#       Multiline.Parser entry
#   [FILTER]
#       Name         parser
#       Key_Name     log
#       Parser       words
#       Preserve_Key on
#       Reserve_Data on
#
# Metrics:
#
#   a_total
metrics:
- name: a_total
`

func TestRecords(t *testing.T) {
	for name, test := range map[string]struct {
		change func(parsertest.Config)
		log    string
		want   []string
	}{
		"joined lines": {
			log: "Version 1\n# 12 a \nc\n# 13 x\n",
			want: []string{
				`{"log":"Version 1"}`,
				`{"first":"a","log":"# 12 a \nc","third":"c"}`,
				`{"log":"# 13 x"}`,
			},
		},
		"a parser of the input": {
			change: func(c parsertest.Config) {
				c.First("INPUT").Set("Multiline.Parser", "")
				c.First("INPUT").Set("Parser", "words")
				c.First("PARSER").Set("Regex", `^(?<first>\w) (?<time>\w)$`)
				c.First("PARSER").Set("Time_Keep", "On")
			},
			log:  "a b\nno\n",
			want: []string{`{"first":"a","time":"b"}`, `{"log":"no"}`},
		},
		"JSON": {
			change: func(c parsertest.Config) {
				c.First("INPUT").Set("Multiline.Parser", "")
				c.First("PARSER").Set("Format", "json")
				c.First("FILTER").Set("Preserve_Key", "off")
			},
			log:  `{"time":"12","n":1}`,
			want: []string{`{"n":1}`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := parsertest.Head(rules)
			if test.change != nil {
				test.change(c)
			}
			got, err := c.Records(test.log)
			if err != nil || !slices.Equal(got, test.want) {
				t.Errorf("got %q, %v, want %q", got, err, test.want)
			}
		})
	}
}

func TestMistakes(t *testing.T) {
	for want, change := range map[string]func(parsertest.Config){
		"no multiline parser other": func(c parsertest.Config) { c.First("INPUT").Set("Multiline.Parser", "other") },
		"no parser other":           func(c parsertest.Config) { c.First("FILTER").Set("Parser", "other") },
		`parser words: unknown format "ltsv"`: func(c parsertest.Config) {
			c.First("PARSER").Set("Format", "ltsv")
		},
	} {
		c := parsertest.Head(rules)
		change(c)
		if _, err := c.Records("# 1 a b\nc"); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func TestTexts(t *testing.T) {
	main, _ := parsertest.Head(rules).Texts()
	const want = `[INPUT]
    Name tail
    Multiline.Parser entry
[FILTER]
    Name parser
    Key_Name log
    Parser words
    Preserve_Key on
    Reserve_Data on
`
	if main != want {
		t.Errorf("got %s, want %s", main, want)
	}
}
