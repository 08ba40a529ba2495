package cases_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/promexporter/promexporter/cases"
	"github.com/promexporter/promexporter/config"
	"github.com/promexporter/promexporter/sample"
	"github.com/promexporter/promexporter/trial"
)

// TestDraft holds that the draft of a test passes, for samples with values of all kinds, metadata and groups.
func TestDraft(t *testing.T) {
	for rules, input := range map[string]string{"cpu": "cpu.json", "disk": "disk.json", "opentelemetry": "opentelemetry.mp"} {
		t.Run(rules, func(t *testing.T) {
			text, err := os.ReadFile("../rules/" + rules + ".yaml")
			if err != nil {
				t.Fatal(err)
			}
			parsed, err := config.ParseRules(rules, text)
			if err != nil {
				t.Fatal(err)
			}
			all := []*config.Rules{parsed}
			path := filepath.Join(t.TempDir(), rules+"_test.yaml")
			if err := os.WriteFile(path, draft(t, all, "../rule/testdata/examples/"+input), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(filepath.Dir(path), rules+".yaml"), text, 0o600); err != nil {
				t.Fatal(err)
			}
			f, err := cases.Run(context.Background(), path, cases.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if f.Failed() > 0 || len(f.Results) != 1 {
				t.Errorf("%v %v", f.Mistakes, f.Results)
			}
		})
	}
}

// draft returns the draft of a test of a sample.
func draft(t *testing.T, rules []*config.Rules, input string) []byte {
	t.Helper()
	tried, err := trial.New(trial.Options{Rules: rules, Now: cases.Zero})
	if err != nil {
		t.Fatal(err)
	}
	defer tried.Close()
	in, err := os.Open(input)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = in.Close() }()
	var d cases.Draft
	r := sample.Reader{Options: sample.Options{Tag: "v1_logs", Now: cases.Zero}}
	err = r.Read(context.Background(), input, in, func(c *sample.Chunk) error { return tried.Explain(c, d.Add) })
	if err != nil || d.Records() == 0 {
		t.Fatal(err, d.Records())
	}
	var out bytes.Buffer
	o := cases.DraftOptions{Rules: rules, File: filepath.Base(rules[0].File) + ".yaml"}
	if err := d.Write(context.Background(), &out, o); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
