package e2e

import (
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"github.com/promexporter/promexporter/test/flbhost/conf"
	"github.com/promexporter/promexporter/test/flbhost/host"
)

// needsYAML skips the test if the agent cannot read a configuration in YAML that names plugins.
func needsYAML(t *testing.T) {
	t.Helper()
	if _, real := program(); !real {
		t.Skip("the development host reads only classic configurations")
	}
	if !atLeast(t, 3, 2) {
		t.Skip("plugins: in YAML needs Fluent Bit 3.2")
	}
}

// TestShippedYAML checks that both examples of fluent-bit.yaml are equivalent to those of fluent-bit.conf. The
// development host does not read YAML, so that the test starts no agent.
func TestShippedYAML(t *testing.T) {
	for name, prepare := range map[string]func(t *testing.T, file, begin string){
		"first": func(*testing.T, string, string) {}, "second": useSecondExample,
	} {
		t.Run(name, func(t *testing.T) {
			dir := project(t)
			classicFile, yamlFile := filepath.Join(dir, "fluent-bit.conf"), filepath.Join(dir, "fluent-bit.yaml")
			prepare(t, classicFile, "[INPUT]")
			prepare(t, yamlFile, "pipeline:")
			classic, err := conf.Read([]string{"-c", classicFile}, io.Discard)
			if err != nil {
				t.Fatal(err)
			}
			text, err := os.ReadFile(yamlFile)
			if err != nil {
				t.Fatal(err)
			}
			var got struct {
				Service  struct{ Flush float64 }
				Plugins  []string
				Pipeline struct{ Inputs, Outputs []map[string]any }
			}
			if err := yaml.Unmarshal(text, &got); err != nil {
				t.Fatal(err)
			}
			if got.Service.Flush != classic.Flush.Seconds() || !slices.Equal(got.Plugins, classic.Plugins) {
				t.Errorf("service and plugins are %v and %v, want %v and %v", got.Service, got.Plugins, classic.Flush, classic.Plugins)
			}
			sameSections(t, got.Pipeline.Inputs, classic.Inputs)
			sameSections(t, got.Pipeline.Outputs, classic.Outputs)
		})
	}
}

func sameSections(t *testing.T, got []map[string]any, want []host.Section) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d sections, want %d", len(got), len(want))
	}
	for n, s := range want {
		properties := map[string]string{}
		for _, p := range s.Properties {
			properties[p.Key] = p.Value
		}
		section := map[string]string{}
		for key, v := range got[n] {
			section[strings.ToLower(key)] = fmt.Sprint(v)
		}
		if !maps.Equal(section, properties) {
			t.Errorf("section %d is %v, want %v", n, section, properties)
		}
	}
}
