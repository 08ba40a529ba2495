package deploy

import (
	"flag"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	fluentbit "github.com/fluent/fluent-operator/v3/apis/fluentbit/v1alpha2"
	monitoring "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	apps "k8s.io/api/apps/v1"
	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	rbac "k8s.io/api/rbac/v1"
)

// checkMounts compares the mounts of containers with the volumes: each mount has its volume, each volume is mounted, and
// each ConfigMap is one of these.
func checkMounts(t *testing.T, containers []core.Container, volumes []core.Volume, maps ...string) {
	t.Helper()
	used := map[string]bool{}
	for _, c := range containers {
		for _, m := range c.VolumeMounts {
			used[m.Name] = true
			if !slices.ContainsFunc(volumes, func(v core.Volume) bool { return v.Name == m.Name }) {
				t.Errorf("%s mounts %s, which is not a volume", c.Name, m.Name)
			}
		}
	}
	for _, v := range volumes {
		if !used[v.Name] {
			t.Errorf("no container mounts the volume %s", v.Name)
		}
		if v.ConfigMap != nil && !slices.Contains(maps, v.ConfigMap.Name) {
			t.Errorf("there is no ConfigMap %s", v.ConfigMap.Name)
		}
	}
}

// checkRestricted holds a container to the restricted profile of Kubernetes, and to a root folder that cannot be written.
func checkRestricted(t *testing.T, c core.Container) {
	t.Helper()
	s := c.SecurityContext
	if s == nil || s.ReadOnlyRootFilesystem == nil || !*s.ReadOnlyRootFilesystem || s.AllowPrivilegeEscalation == nil ||
		*s.AllowPrivilegeEscalation || s.Capabilities == nil || !slices.Contains(s.Capabilities.Drop, "ALL") {
		t.Errorf("%s: security context %+v", c.Name, s)
	}
}

// checkPlugin checks the container of the plugin image: it puts the plugins where a container of Fluent Bit reads them.
func checkPlugin(t *testing.T, initial []core.Container, mounts []core.VolumeMount, arguments string) {
	t.Helper()
	if len(initial) != 1 || !strings.HasPrefix(initial[0].Image, "ghcr.io/promexporter/promexporter:") ||
		len(initial[0].VolumeMounts) != 1 || initial[0].VolumeMounts[0].MountPath != "/plugins" {
		t.Fatalf("init containers %+v", initial)
	}
	checkRestricted(t, initial[0])
	volume := initial[0].VolumeMounts[0].Name
	i := slices.IndexFunc(mounts, func(m core.VolumeMount) bool { return m.Name == volume })
	if i < 0 || !mounts[i].ReadOnly || !strings.Contains(arguments, mounts[i].MountPath+"/out_prom_exporter.so") {
		t.Errorf("Fluent Bit does not load the plugin of the volume %s: %s", volume, arguments)
	}
}

func TestDaemonSet(t *testing.T) {
	list := objects(t, "kubernetes")
	d := one[apps.DaemonSet](t, list)
	pod := d.Spec.Template
	if !reflect.DeepEqual(d.Spec.Selector.MatchLabels, pod.Labels) {
		t.Errorf("selector %v, labels %v", d.Spec.Selector.MatchLabels, pod.Labels)
	}
	containers := slices.Concat(pod.Spec.InitContainers, pod.Spec.Containers)
	checkMounts(t, containers, pod.Spec.Volumes, "promexporter-config", "promexporter-rules")
	checkRestricted(t, pod.Spec.Containers[0])
	if s := pod.Spec.SecurityContext; s == nil || s.RunAsNonRoot == nil || !*s.RunAsNonRoot || *s.RunAsUser == 0 {
		t.Errorf("security context %+v", s)
	}
	checkPlugin(t, pod.Spec.InitContainers, pod.Spec.Containers[0].VolumeMounts,
		configMap(t, list, "promexporter-config")["plugins.conf"])
	if account := one[core.ServiceAccount](t, list).Name; account != pod.Spec.ServiceAccountName {
		t.Errorf("service account %s, want %s", pod.Spec.ServiceAccountName, account)
	}
}

// TestPaths checks that the configuration names files that are mounted.
func TestPaths(t *testing.T) {
	list := objects(t, "kubernetes")
	container := one[apps.DaemonSet](t, list).Spec.Template.Spec.Containers[0]
	config := configMap(t, list, "promexporter-config")
	for _, path := range append(values(config["fluent-bit.conf"], "Rules_File", "State_File", "DB", "Plugins_File"),
		strings.TrimPrefix(container.Args[0], "--config=")) {
		if !slices.ContainsFunc(container.VolumeMounts, func(m core.VolumeMount) bool {
			return m.MountPath == filepath.Dir(path)
		}) {
			t.Errorf("%s is not in a volume", path)
		}
	}
}

// values returns the values of keys in a classic configuration.
func values(config string, keys ...string) (list []string) {
	for line := range strings.Lines(config) {
		if f := strings.Fields(line); len(f) == 2 && slices.Contains(keys, f[0]) {
			list = append(list, f[1])
		}
	}
	return list
}

func TestServiceAndMonitors(t *testing.T) {
	list := objects(t, "kubernetes")
	pod := one[apps.DaemonSet](t, list).Spec.Template
	ports := pod.Spec.Containers[0].Ports
	checkPorts(t, ports)
	s, m, n := one[core.Service](t, list), one[monitoring.PodMonitor](t, list), one[networking.NetworkPolicy](t, list)
	for _, selector := range []map[string]string{
		s.Spec.Selector, m.Spec.Selector.MatchLabels, n.Spec.PodSelector.MatchLabels,
	} {
		if !maps.Equal(selector, pod.Labels) {
			t.Errorf("selector %v, labels of the pods %v", selector, pod.Labels)
		}
	}
	if s.Spec.ClusterIP != core.ClusterIPNone {
		t.Error("the service has an address: scrapes would reach a pod by chance")
	}
	if got := s.Spec.Ports[0].TargetPort.String(); got != ports[0].Name {
		t.Errorf("the service sends to %s", got)
	}
	if got := *m.Spec.PodMetricsEndpoints[0].Port; got != ports[0].Name {
		t.Errorf("the monitor scrapes %s", got)
	}
	if got := n.Spec.Ingress[0].Ports[0].Port.IntVal; got != ports[0].ContainerPort {
		t.Errorf("the policy allows %d", got)
	}
}

// checkPorts checks that the first port is that of the metrics, and that Kubernetes takes the names.
func checkPorts(t *testing.T, ports []core.ContainerPort) {
	t.Helper()
	if len(ports) == 0 || ports[0].ContainerPort != 8989 {
		t.Fatalf("ports %+v", ports)
	}
	for _, p := range ports {
		if len(p.Name) > 15 {
			t.Errorf("the name %s has more than 15 characters", p.Name)
		}
	}
}

func TestAccess(t *testing.T) {
	list := objects(t, "kubernetes")
	role, binding, k := one[rbac.ClusterRole](t, list), one[rbac.ClusterRoleBinding](t, list), one[kustomization](t, list)
	if binding.RoleRef.Name != role.Name || binding.Subjects[0].Name != one[core.ServiceAccount](t, list).Name ||
		binding.Subjects[0].Namespace != k.Namespace {
		t.Errorf("binding %+v", binding)
	}
	for _, rule := range role.Rules {
		if !slices.Equal(rule.Verbs, []string{"get", "list", "watch"}) {
			t.Errorf("verbs %q", rule.Verbs)
		}
	}
}

func TestKustomization(t *testing.T) {
	files, err := filepath.Glob("kubernetes/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, file := range files {
		if name := filepath.Base(file); name != "kustomization.yaml" {
			names = append(names, name)
		}
	}
	if got := one[kustomization](t, objects(t, "kubernetes")).Resources; !slices.Equal(got, names) {
		t.Errorf("resources %q, files %q", got, names)
	}
}

var update = flag.Bool("update", false, "rewrite the ConfigMap of the rules")

// TestRulesConfigMap compares the ConfigMap with the ready rules.
func TestRulesConfigMap(t *testing.T) {
	const path = "kubernetes/rules.yaml"
	head, _, ok := strings.Cut(read(t, path), "  rules.yaml: |\n")
	if !ok {
		t.Fatalf("%s has no rules.yaml", path)
	}
	_, rules, _ := strings.Cut(read(t, "../rules/kubernetes.yaml"), "\n#\n") // the first line names the schema for editors
	want := head + "  rules.yaml: |\n" + regexp.MustCompile("(?m)^(.)").ReplaceAllString(rules, "    $1")
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if read(t, path) != want {
		t.Errorf("%s differs from ../rules/kubernetes.yaml; run go test -C deploy . -run TestRulesConfigMap -update", path)
	}
}

func TestOperator(t *testing.T) {
	list := objects(t, "operator")
	f := one[fluentbit.FluentBit](t, list)
	mounts := core.Container{Name: "fluent-bit", VolumeMounts: f.Spec.VolumesMounts}
	checkMounts(t, append(f.Spec.InitContainers, mounts), f.Spec.Volumes, "promexporter-rules")
	checkPlugin(t, f.Spec.InitContainers, f.Spec.VolumesMounts, strings.Join(f.Spec.Args, " "))
	checkPorts(t, f.Spec.Ports)
	if got := *one[monitoring.PodMonitor](t, list).Spec.PodMetricsEndpoints[0].Port; got != f.Spec.Ports[0].Name {
		t.Errorf("the monitor scrapes %s", got)
	}
	c := one[fluentbit.ClusterFluentBitConfig](t, list)
	if c.Name != f.Spec.FluentBitConfigName {
		t.Errorf("configuration %s, want %s", f.Spec.FluentBitConfigName, c.Name)
	}
	for _, pair := range [][2]map[string]string{
		{c.Spec.InputSelector.MatchLabels, one[fluentbit.ClusterInput](t, list).Labels},
		{c.Spec.FilterSelector.MatchLabels, one[fluentbit.ClusterFilter](t, list).Labels},
		{c.Spec.OutputSelector.MatchLabels, one[fluentbit.ClusterOutput](t, list).Labels},
	} {
		if !maps.Equal(pair[0], pair[1]) {
			t.Errorf("selector %v, labels %v", pair[0], pair[1])
		}
	}
}

// customOutput returns the section that the operator passes on.
func customOutput(t *testing.T) string {
	t.Helper()
	return one[fluentbit.ClusterOutput](t, objects(t, "operator")).Spec.CustomPlugin.Config
}
