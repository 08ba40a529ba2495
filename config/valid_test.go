package config

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/promexporter/promexporter/internal/goldentest"
)

// TestValid reads valid files; the .txt file of the same name shows the result, without fields that are zero.
func TestValid(t *testing.T) {
	files, err := filepath.Glob("testdata/valid/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal("no files", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			rules, err := ParseRules(file, text)
			if err != nil {
				t.Fatal(err)
			}
			sound(t, rules)
			var b strings.Builder
			for i := range rules.Warnings {
				fmt.Fprintln(&b, "warning:", &rules.Warnings[i])
			}
			rules.Warnings = nil
			dump(&b, "", reflect.ValueOf(*rules))
			goldentest.Compare(t, strings.TrimSuffix(file, ".yaml")+".txt", b.String())
		})
	}
}

// dump writes v as indented text.
func dump(b *strings.Builder, indent string, v reflect.Value) {
	switch x := v.Interface().(type) {
	case *regexp.Regexp:
		fmt.Fprintf(b, "%s/%v/\n", indent, x)
		return
	case Position:
		fmt.Fprintf(b, "%s%d:%d\n", indent, x.Line, x.Column)
		return
	case CompareOp:
		fmt.Fprintf(b, "%s%s\n", indent, compareWords[x])
		return
	case Parse:
		fmt.Fprintf(b, "%s%s\n", indent, parseWords[x])
		return
	case Root:
		fmt.Fprintf(b, "%s%d\n", indent, x)
		return
	case fmt.Stringer:
		fmt.Fprintf(b, "%s%v\n", indent, x)
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		dump(b, indent, v.Elem())
	case reflect.Struct:
		for i := range v.NumField() {
			if !v.Field(i).IsZero() {
				fmt.Fprintf(b, "%s%s:\n", indent, v.Type().Field(i).Name)
				dump(b, indent+"  ", v.Field(i))
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			fmt.Fprintf(b, "%s- %d\n", indent, i)
			dump(b, indent+"  ", v.Index(i))
		}
	default:
		fmt.Fprintf(b, "%s%#v\n", indent, v.Interface())
	}
}

// sound checks what the documentation of Rules promises.
func sound(t *testing.T, rules *Rules) {
	t.Helper()
	for i := range rules.Metrics {
		m := &rules.Metrics[i]
		switch {
		case m.Rule == "" || m.Position.Line < 1:
			t.Errorf("rule %d has no name or position: %+v", i, m)
		case m.Drop == (len(m.Name) > 0):
			t.Errorf("rule %d: drop %v with the name %q", i, m.Drop, m.Name)
		case (m.Match == "") == (m.MatchRegex == nil):
			t.Errorf("rule %d: match %q and %v", i, m.Match, m.MatchRegex)
		case m.Each != nil && m.Fields != nil:
			t.Errorf("rule %d: each and fields", i)
		case m.Name.readsRecord() != (m.FamilyLimit > 0) || m.FamilyLimit > 0 && (m.Init != nil || m.Fields != nil):
			t.Errorf("rule %d: the name %s with the limit %d", i, m.Name, m.FamilyLimit)
		case m.Histogram.Counts != nil && (m.Histogram.Counts.From == nil || len(m.Histogram.Buckets) == 0 || m.Histogram.Native):
			t.Errorf("rule %d: %+v", i, m.Histogram)
		}
		for j := range m.Labels {
			l := &m.Labels[j]
			if l.Name == "" || j > 0 && m.Labels[j-1].Name >= l.Name {
				t.Errorf("rule %d: labels out of order at %q", i, l.Name)
			}
			if l.From != nil && l.Capture != "" || (l.Regex == nil) != (l.Replacement == "") {
				t.Errorf("rule %d: %+v", i, l)
			}
		}
		for _, set := range m.Init {
			if len(set) != len(m.Labels) {
				t.Errorf("rule %d: %q and %d labels", i, set, len(m.Labels))
			}
		}
		for j, b := range m.Histogram.Buckets {
			if j > 0 && b <= m.Histogram.Buckets[j-1] {
				t.Errorf("rule %d: buckets %v", i, m.Histogram.Buckets)
			}
		}
		if m.Condition != nil {
			soundCondition(t, m.Condition)
		}
	}
}

func soundCondition(t *testing.T, c *Condition) {
	t.Helper()
	if (c.Field == nil) == (len(c.Rules) == 0) {
		t.Errorf("condition %+v is neither comparison nor group", c)
	}
	if c.Field == nil {
		for i := range c.Rules {
			soundCondition(t, &c.Rules[i])
		}
		return
	}
	if (c.Op == Regex || c.Op == NotRegex) != (c.Regex != nil) || (c.Op == In || c.Op == NotIn) != (len(c.List) > 0) {
		t.Errorf("operand of %+v", c)
	}
}
