package config

import (
	"encoding/json"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

func TestParseTestsMistakes(t *testing.T) {
	const step = "tests: [{name: x, steps: [{"
	for text, want := range map[string]string{
		"":                                       "the file is empty; write at least: " + smallestTests,
		"rules: a.yaml":                          "tests: no tests; write ",
		"tests: []":                              "tests: no tests; write ",
		"tests: 5":                               "tests: expected a list of tests, found the number 5",
		"rule: a":                                `unknown key "rule"; did you mean rules?`,
		"tests: [{steps: []}]":                   "tests[0].name: missing; ",
		"tests: [{name: x}]":                     "tests[0].steps: missing; ",
		"namespace: 1x\ntests: [{name: x}]":      "namespace: ",
		step + "at: 5m}, {at: 1m}]}]":            "tests[0].steps[1].at: 1m is before 5m0s, where the step above is; ",
		step + "time: soon}]}]":                  "tests[0].steps[0].time: ",
		step + "records: [1]}]}]":                "tests[0].steps[0].records[0]: ",
		step + "records: 'no'}]}]":               "tests[0].steps[0].records: no JSON object: ",
		step + "records: {format: json}}]}]":     "tests[0].steps[0].records.file: missing; ",
		step + "metadata: 5}]}]":                 "tests[0].steps[0].metadata: ",
		step + "group: 5}]}]":                    "tests[0].steps[0].group: ",
		step + "group: {body: {}}}]}]":           `tests[0].steps[0].group: unknown key "body"`,
		step + "group: {metadata: 5}}]}]":        "tests[0].steps[0].group.metadata: ",
		step + "expect: [1]}]}]":                 "tests[0].steps[0].expect: ",
		step + "compare: all}]}]":                "tests[0].steps[0].compare: ",
		step + "absent: x}]}]":                   "tests[0].steps[0].absent: ",
		step + "errors: none}]}]":                "tests[0].steps[0].errors: ",
		step + "errors: {a: 1}}]}]":              "tests[0].steps[0].errors.a: ",
		step + "errors: {a: {no_value: -1}}}]}]": "tests[0].steps[0].errors.a.no_value: ",
	} {
		if _, err := ParseTests("x_test.yaml", []byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}

func TestParseTestsKeepsKinds(t *testing.T) {
	tests, err := ParseTests("x_test.yaml", []byte(
		`tests: [{name: x, steps: [{records: [{b: "200", a: 200, c: 1_0, d: 1.50, e: true, f: null, g: [{}], h: .inf, '5': ~}]}]}]`))
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"b":"200","a":200,"c":"1_0","d":1.50,"e":true,"f":null,"g":[{}],"h":null,"5":null}`
	if got := string(tests.Tests[0].Steps[0].Records[0]); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestTestsSchema holds that the schema for editors has the keys and words of files of tests, no more and no less.
func TestTestsSchema(t *testing.T) {
	text, err := os.ReadFile("../rules/tests.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	var file schemaObject
	var defs struct {
		Parts map[string]schemaObject `json:"$defs"`
	}
	for _, v := range []any{&file, &defs} {
		if err := json.Unmarshal(text, v); err != nil {
			t.Fatal(err)
		}
	}
	defs.Parts["tests"] = file
	for name, spec := range map[string]*mappingSpec{"tests": testsSpec, "test": testSpec, "step": stepSpec, "group": eventGroupSpec, "file": fileOfRecordsSpec} {
		got := slices.Sorted(maps.Keys(defs.Parts[name].Properties))
		if !slices.IsSorted(spec.keys) || !slices.Equal(got, spec.keys) {
			t.Errorf("%s: the schema has %q, the code %q", name, got, spec.keys)
		}
		if string(defs.Parts[name].AdditionalProperties) != "false" {
			t.Errorf("%s: the schema takes other keys too", name)
		}
	}
	var words struct{ Enum []string }
	if err := json.Unmarshal(defs.Parts["step"].Properties["compare"], &words); err != nil || !slices.Equal(words.Enum, compareModeWords) {
		t.Errorf("the schema has %q, %v", words.Enum, err)
	}
}
