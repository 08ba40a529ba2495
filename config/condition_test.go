package config

import (
	"fmt"
	"strings"
	"testing"
)

// show writes c in a short form.
func show(c *Condition) string {
	if c.Field == nil {
		parts := make([]string, len(c.Rules))
		for i := range c.Rules {
			parts[i] = show(&c.Rules[i])
		}
		return "(" + strings.Join(parts, map[bool]string{false: " and ", true: " or "}[c.Any]) + ")"
	}
	text := fmt.Sprintf("%d:%s %s", c.Field[0].Root, c.Field, compareWords[c.Op])
	switch {
	case c.Regex != nil:
		return text + " /" + c.Regex.String() + "/"
	case c.List != nil:
		return text + fmt.Sprintf(" %v", c.List)
	case c.IsNumber:
		return text + fmt.Sprintf(" %v", c.Number)
	case c.Op == Exists || c.Op == NotExists:
		return text
	}
	return text + fmt.Sprintf(" %q", c.Text)
}

func TestConditions(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"{field: $a, op: eq, value: 5}", "0:$a eq 5"},
		{"{field: $a, op: eq, value: '5'}", `0:$a eq "5"`},
		{"{field: $a, op: EQ, value: x}", `0:$a eq "x"`},
		{"{field: $a, op: neq, value: True}", `0:$a neq "true"`},
		{"{field: $a, op: neq, value: ''}", `0:$a neq ""`},
		{"{field: $a, op: gt, value: 1e3}", "0:$a gt 1000"},
		{"{field: $a, op: gte, value: '1e1'}", "0:$a gte 10"},
		{"{field: $a, op: lt, value: -.5}", "0:$a lt -0.5"},
		{"{field: $a, op: lte, value: '007'}", "0:$a lte 7"},
		{"{field: $a, op: in, value: [1, '1', false]}", "0:$a in [{1 1 true} {0 1 false} {0 false false}]"},
		{"{field: $a, op: Not_In, value: [x]}", "0:$a not_in [{0 x false}]"},
		{"{field: $a, op: regex, value: '^x'}", "0:$a regex /^x/"},
		{"{field: $a, op: not_regex, value: x$}", "0:$a not_regex /x$/"},
		{"{field: $a, op: exists}", "0:$a exists"},
		{"{field: $a, op: not_exists}", "0:$a not_exists"},
		{"{field: $a, op: exists, context: body}", "0:$a exists"},
		{"{field: $a, op: exists, context: METADATA}", "1:$a exists"},
		{"{field: $metadata['a'], op: exists}", "1:$metadata['a'] exists"},
		{"{rules: [{field: $a, op: exists}]}", "(0:$a exists)"},
		{"{op: OR, rules: [{field: $a, op: exists}, {field: $b, op: exists}]}", "(0:$a exists or 0:$b exists)"},
		{"{op: and, rules: [{field: $a, op: exists}, {op: or, rules: [{field: $b, op: exists}]}]}", "(0:$a exists and (0:$b exists))"},
	} {
		text := "metrics:\n- name: x_total\n  type: counter\n  help: Help.\n  condition:\n    " + blockOf(test.text) + "\n"
		rules, err := ParseRules("rules.yaml", []byte(text))
		if err != nil {
			t.Errorf("%s: %v", test.text, err)
			continue
		}
		if got := show(rules.Metrics[0].Condition); got != test.want {
			t.Errorf("%s: got %s, want %s", test.text, got, test.want)
		}
	}
}

// blockOf quotes what needs quotes within braces.
func blockOf(s string) string {
	return strings.NewReplacer("$metadata['a']", `"$metadata['a']"`).Replace(s)
}
