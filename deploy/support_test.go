// Package deploy tests the files of this folder: that Kubernetes, the operators, Compose, Prometheus and Grafana would
// accept them, that their parts fit together, and that the configurations in them run.
package deploy

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	fluentbit "github.com/fluent/fluent-operator/v3/apis/fluentbit/v1alpha2"
	monitoring "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	apps "k8s.io/api/apps/v1"
	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	rbac "k8s.io/api/rbac/v1"
	"sigs.k8s.io/yaml"
)

func read(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// required returns the path of a program. Without it the test fails in CI, which installs it, and is skipped elsewhere.
func required(t *testing.T, program string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err == nil {
		return path
	}
	if os.Getenv("CI") != "" {
		t.Fatalf("%s is not installed", program)
	}
	t.Skipf("%s is not installed", program)
	return ""
}

// newObject returns an empty object of a kind.
func newObject(kind string) (any, error) {
	switch kind {
	case "v1/ConfigMap":
		return &core.ConfigMap{}, nil
	case "v1/Service":
		return &core.Service{}, nil
	case "v1/ServiceAccount":
		return &core.ServiceAccount{}, nil
	case "apps/v1/DaemonSet":
		return &apps.DaemonSet{}, nil
	case "networking.k8s.io/v1/NetworkPolicy":
		return &networking.NetworkPolicy{}, nil
	case "rbac.authorization.k8s.io/v1/ClusterRole":
		return &rbac.ClusterRole{}, nil
	case "rbac.authorization.k8s.io/v1/ClusterRoleBinding":
		return &rbac.ClusterRoleBinding{}, nil
	case "monitoring.coreos.com/v1/PodMonitor":
		return &monitoring.PodMonitor{}, nil
	case "fluentbit.fluent.io/v1alpha2/FluentBit":
		return &fluentbit.FluentBit{}, nil
	case "fluentbit.fluent.io/v1alpha2/ClusterFluentBitConfig":
		return &fluentbit.ClusterFluentBitConfig{}, nil
	case "fluentbit.fluent.io/v1alpha2/ClusterInput":
		return &fluentbit.ClusterInput{}, nil
	case "fluentbit.fluent.io/v1alpha2/ClusterFilter":
		return &fluentbit.ClusterFilter{}, nil
	case "fluentbit.fluent.io/v1alpha2/ClusterOutput":
		return &fluentbit.ClusterOutput{}, nil
	case "kustomize.config.k8s.io/v1beta1/Kustomization":
		return &kustomization{}, nil
	}
	return nil, fmt.Errorf("unknown kind %s", kind)
}

// kustomization has the fields of a Kustomization that are used here. Its Go module is not worth its size.
type kustomization struct {
	APIVersion string   `json:"apiVersion"`
	Kind       string   `json:"kind"`
	Namespace  string   `json:"namespace"`
	Resources  []string `json:"resources"`
}

// objects decodes the manifests of a folder. A field that a kind does not have is an error.
func objects(t *testing.T, folder string) (list []any) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no manifests in %s: %v", folder, err)
	}
	for _, file := range files {
		for document := range bytes.SplitSeq([]byte(read(t, file)), []byte("\n---\n")) {
			var head struct{ APIVersion, Kind string }
			if err := yaml.Unmarshal(document, &head); err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			object, err := newObject(head.APIVersion + "/" + head.Kind)
			if err == nil {
				err = yaml.UnmarshalStrict(document, object)
			}
			if err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			list = append(list, object)
		}
	}
	return list
}

// one returns the only object of a kind.
func one[T any](t *testing.T, list []any) (found *T) {
	t.Helper()
	for _, object := range list {
		if o, ok := object.(*T); ok {
			if found != nil {
				t.Fatalf("two objects %T", found)
			}
			found = o
		}
	}
	if found == nil {
		t.Fatalf("no object %T", found)
	}
	return found
}

// configMap returns the data of a ConfigMap.
func configMap(t *testing.T, list []any, name string) map[string]string {
	t.Helper()
	for _, object := range list {
		if m, ok := object.(*core.ConfigMap); ok && m.Name == name {
			return m.Data
		}
	}
	t.Fatalf("no ConfigMap %s", name)
	return nil
}

// indent puts spaces in front of each line.
func indent(text string) string { return "    " + strings.ReplaceAll(text, "\n", "\n    ") }
