package config

import (
	"encoding/json"
	"maps"
	"os"
	"slices"
	"testing"
)

// schemaObject is what the tests read of a JSON Schema.
type schemaObject struct {
	Properties           map[string]json.RawMessage
	AdditionalProperties json.RawMessage
	AllOf                []struct {
		If, Then struct {
			Properties    map[string]json.RawMessage
			PropertyNames struct{ Enum []string }
		}
	}
}

func readSchema(t *testing.T) (file schemaObject, parts map[string]schemaObject) {
	t.Helper()
	text, err := os.ReadFile("../rules/schema.json")
	if err != nil {
		t.Fatal(err)
	}
	var defs struct {
		Parts map[string]schemaObject `json:"$defs"`
	}
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &defs); err != nil {
		t.Fatal(err)
	}
	return file, defs.Parts
}

// TestSchemaKeys holds that the schema for editors has the keys of the language, no more and no less.
func TestSchemaKeys(t *testing.T) {
	file, parts := readSchema(t)
	parts["file"] = file
	for name, spec := range map[string]*mappingSpec{
		"file": fileSpec, "rule": metricSpec, "value": valueSpec, "label": labelSpec, "group": groupSpec,
		"comparison": comparisonSpec, "buckets": bucketSpec, "exponential": exponentialSpec, "linear": linearSpec,
		"native": nativeSpec, "reset": resetSpec, "replace": replaceSpec, "received": receivedSpec,
		"bucketCounts": bucketCountsSpec,
	} {
		got := slices.Sorted(maps.Keys(parts[name].Properties))
		if !slices.IsSorted(spec.keys) || !slices.Equal(got, spec.keys) {
			t.Errorf("%s: the schema has %q, the code %q", name, got, spec.keys)
		}
		if string(parts[name].AdditionalProperties) != "false" {
			t.Errorf("%s: the schema takes other keys too", name)
		}
	}
}

// TestSchemaWords holds that the schema has the words of the language.
func TestSchemaWords(t *testing.T) {
	_, parts := readSchema(t)
	for _, test := range []struct {
		part, key string
		want      []string
	}{
		{"rule", "type", typeWords}, {"rule", "action", actionWords}, {"rule", "aggregate", aggregateWords},
		{"rule", "temporality", temporalityWords}, {"value", "parse", parseWords}, {"value", "pick", pickWords}, {"label", "case", caseWords}, {"label", "length", lengthWords},
		{"value", "length", lengthWords}, {"value", "unit", unitWords}, {"group", "op", groupWords},
		{"received", "type", receivedTypeWords}, {"received", "temporality", temporalityWords},
		{"comparison", "op", compareWords}, {"comparison", "context", contextWords},
	} {
		var got struct{ Enum []string }
		if err := json.Unmarshal(parts[test.part].Properties[test.key], &got); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got.Enum, test.want) {
			t.Errorf("%s.%s: the schema has %q, the code %q", test.part, test.key, got.Enum, test.want)
		}
	}
}

// TestSchemaTypes holds that the schema refuses the keys that a type has no use for, and those of a rule that drops
// records.
func TestSchemaTypes(t *testing.T) {
	_, parts := readSchema(t)
	refused := make(map[string][]string)
	for _, c := range parts["rule"].AllOf {
		var is struct{ Const any }
		if json.Unmarshal(c.If.Properties["type"], &is) == nil {
			refused[is.Const.(string)] = slices.Sorted(maps.Keys(c.Then.Properties))
			continue
		}
		if got := c.Then.PropertyNames.Enum; !slices.Equal(got, dropKeys) {
			t.Errorf("drop: the schema takes %q, the code %q", got, dropKeys)
		}
	}
	if got := parts["received"].AllOf[0].Then.PropertyNames.Enum; !slices.Equal(got, receivedDropKeys) {
		t.Errorf("drop of received: the schema takes %q, the code %q", got, receivedDropKeys)
	}
	for i, word := range typeWords {
		var want []string
		for key, types := range typeKeys {
			if !slices.Contains(types, Type(i)) {
				want = append(want, key)
			}
		}
		slices.Sort(want)
		if !slices.Equal(refused[word], want) {
			t.Errorf("%s: the schema refuses %q, the code %q", word, refused[word], want)
		}
	}
}

// TestSchemaDescriptions holds that editors have a text to show for each key, and for each part that keys refer to.
func TestSchemaDescriptions(t *testing.T) {
	type part struct {
		Description string
		Properties  map[string]struct{ Description string }
	}
	for _, name := range []string{"schema.json", "tests.schema.json"} {
		text, err := os.ReadFile("../rules/" + name)
		if err != nil {
			t.Fatal(err)
		}
		var file struct {
			part
			Parts map[string]part `json:"$defs"`
		}
		if err := json.Unmarshal(text, &file); err != nil {
			t.Fatal(err)
		}
		file.Parts["the file"] = file.part
		for _, p := range slices.Sorted(maps.Keys(file.Parts)) {
			if file.Parts[p].Description == "" {
				t.Errorf("%s: %s has no description", name, p)
			}
			for _, key := range slices.Sorted(maps.Keys(file.Parts[p].Properties)) {
				if file.Parts[p].Properties[key].Description == "" {
					t.Errorf("%s: %s.%s has no description", name, p, key)
				}
			}
		}
	}
}
