package deploy

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"sigs.k8s.io/yaml"
)

// TestCompose reads the file as Docker Compose does, and checks that all files that it mounts exist.
func TestCompose(t *testing.T) {
	options, err := cli.NewProjectOptions([]string{"compose/compose.yaml"})
	if err != nil {
		t.Fatal(err)
	}
	project, err := options.LoadProject(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range project.Services {
		for _, v := range s.Volumes {
			if _, err := os.Stat(v.Source); err != nil {
				t.Errorf("%s: %v", s.Name, err)
			}
		}
		if s.Build != nil {
			if _, err := os.Stat(filepath.Join(s.Build.Context, s.Build.Dockerfile)); err != nil {
				t.Errorf("%s: %v", s.Name, err)
			}
		}
	}
}

func TestComposePrometheus(t *testing.T) {
	promtool := required(t, "promtool")
	dir := t.TempDir()
	for from, to := range map[string]string{"compose/prometheus.yml": "prometheus.yml", "prometheus/rules.yaml": "rules.yaml"} {
		if err := os.WriteFile(filepath.Join(dir, to), []byte(read(t, from)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out, err := exec.Command(promtool, "check", "config", filepath.Join(dir, "prometheus.yml")).CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestComposeGrafana checks what Grafana reads at its start. Its Go types are not in a module.
func TestComposeGrafana(t *testing.T) {
	var sources struct {
		APIVersion  int `json:"apiVersion"`
		Datasources []struct {
			Name      string `json:"name"`
			Type      string `json:"type"`
			URL       string `json:"url"`
			IsDefault bool   `json:"isDefault"`
		} `json:"datasources"`
	}
	var dashboards struct {
		APIVersion int `json:"apiVersion"`
		Providers  []struct {
			Name    string            `json:"name"`
			Options map[string]string `json:"options"`
		} `json:"providers"`
	}
	for file, to := range map[string]any{"datasources/prometheus.yaml": &sources, "dashboards/promexporter.yaml": &dashboards} {
		if err := yaml.UnmarshalStrict([]byte(read(t, filepath.Join("compose/grafana", file))), to); err != nil {
			t.Fatal(err)
		}
	}
	if sources.Datasources[0].URL != "http://prometheus:9090" || dashboards.Providers[0].Options["path"] != "/var/lib/grafana/dashboards" {
		t.Errorf("%+v %+v", sources, dashboards)
	}
}

// TestDockerfile checks that the files that it copies from the sources exist, and that the plugins file names what it
// copies from the first stage.
func TestDockerfile(t *testing.T) {
	text := read(t, "docker/Dockerfile")
	copied := regexp.MustCompile(`(?m)^COPY (\S+) (\S+)$`).FindAllStringSubmatch(text, -1)
	if len(copied) < 3 {
		t.Fatalf("%q", copied)
	}
	for _, m := range copied {
		if _, err := os.Stat(filepath.Join("..", m[1])); err != nil {
			t.Error(err)
		}
	}
	for _, path := range values(read(t, "docker/plugins.conf"), "Path") {
		if dir := filepath.Dir(path) + "/"; !strings.Contains(text, "COPY --from=build /plugin/ "+dir+"\n") {
			t.Errorf("nothing is copied to %s", dir)
		}
	}
}
