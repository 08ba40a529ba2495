package deploy

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestInstallDocument checks that the files that docs/install.md names exist, and that all of it has one version.
func TestInstallDocument(t *testing.T) {
	text := read(t, "../docs/install.md")
	for _, m := range regexp.MustCompile(`\]\(([^)#:]+)[)#]`).FindAllStringSubmatch(text, -1) {
		if _, err := os.Stat(filepath.Join("../docs", m[1])); err != nil {
			t.Error(err)
		}
	}
	for _, path := range regexp.MustCompile(`\bdeploy/[\w/.]+\w`).FindAllString(text, -1) {
		if _, err := os.Stat(filepath.Join("..", path)); err != nil {
			t.Error(err)
		}
	}
	chart := regexp.MustCompile(`--version (\S+)`)
	if values := read(t, "helm/values.yaml"); chart.FindString(values) != chart.FindString(text) {
		t.Errorf("helm/values.yaml is for another version of the chart than docs/install.md")
	}
	version := regexp.MustCompile(`promexporter[_:-]v?(\d+\.\d+\.\d+)`)
	for _, name := range []string{"../docs/install.md", "helm/values.yaml", "kubernetes/daemonset.yaml", "operator/fluentbit.yaml",
		"docker/Dockerfile"} {
		for _, m := range version.FindAllStringSubmatch(read(t, name), -1) {
			if !strings.Contains(text, "make release VERSION=v"+m[1]) {
				t.Errorf("%s names version %s", name, m[1])
			}
		}
	}
}
