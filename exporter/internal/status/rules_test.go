package status

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

func TestRules(t *testing.T) {
	s := typical()
	s.Instances[0].Rules[0].Rule = "</script>"
	var page bytes.Buffer
	if err := writeRules(&page, s, "0123abc"); err != nil {
		t.Fatal(err)
	}
	golden(t, "rules.json", page.Bytes())
}

// Scripts iterate over lists; null would stop them.
func TestRulesHasNoNull(t *testing.T) {
	for _, s := range []*Server{{}, {Instances: make([]Instance, 1)}} {
		var page bytes.Buffer
		if err := WriteRules(&page, s); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(page.String(), "null") {
			t.Error(page.String())
		}
	}
}

func TestRulesHasAllRules(t *testing.T) {
	var page bytes.Buffer
	if err := WriteRules(&page, large(10_000)); err != nil {
		t.Fatal(err)
	}
	var got serverJSON
	if err := json.Unmarshal(page.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	one := got.Instances[0]
	if len(one.Rules) != 10_000 || one.Families != 10_000 || one.Series != 49_995_000 || len(one.TopFamilies) != FamiliesShown {
		t.Errorf("%d rules, %d families, %d series, %d top", len(one.Rules), one.Families, one.Series, len(one.TopFamilies))
	}
}

func TestTopFamilies(t *testing.T) {
	families := []Family{{"a", "", 1}, {"b", "", 3}, {"c", "", 1}, {"d", "", 2}, {"e", "", 3}}
	for range FamiliesShown {
		families = append(families, Family{"zero", "", 0})
	}
	var names []string
	for _, f := range topFamilies(families) {
		names = append(names, f.Name)
	}
	if want := []string{"b", "e", "d", "a", "c", "zero"}; len(names) != FamiliesShown || !slices.Equal(names[:len(want)], want) {
		t.Errorf("got %q", names)
	}
	if families[0].Name != "a" {
		t.Error("the argument was changed")
	}
}
