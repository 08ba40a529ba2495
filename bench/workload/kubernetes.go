package workload

import "fmt"

var (
	levels     = []string{"info", "info", "info", "info", "info", "debug", "debug", "warn", "error"}
	components = []string{"api", "cache", "queue", "mailer", "auth", "billing", "index", "cron", "proxy"}
)

// Kubernetes is container logs as filter_kubernetes leaves them, some 900 bytes per event, under 20 rules: six that
// count every record and fourteen, for the components, with a condition, at most one of which matches.
func Kubernetes() *Load {
	l := &Load{Name: "kubernetes", Tag: "kube.var.log.containers.api"}
	for i := range 2000 {
		l.Records = append(l.Records, kubernetesRecord(i))
	}
	l.rules(kubernetesMetrics())
	return l
}

func kubernetesRecord(i int) string {
	return fmt.Sprintf(`{"time":"2026-01-02T15:04:05.%09dZ","stream":%q,"_p":"F","level":%q,"component":%q,"took":%.3f,`+
		`"log":"request %d of client 10.%d.%d.%d was answered by backend-%d after %d attempts, see trace %016x",`+
		`"kubernetes":{"pod_name":"api-5b9c7d8f6c-%s","namespace_name":%q,"pod_id":"%08x-1c5e-4a4b-9d5e-0242ac120002",`+
		`"labels":{"app":"api","app.kubernetes.io/name":"api","app.kubernetes.io/instance":"api-%d","pod-template-hash":"5b9c7d8f6c"},`+
		`"annotations":{"prometheus.io/scrape":"true","prometheus.io/port":"8080"},"host":"node-%d","container_name":%q,`+
		`"docker_id":"%032x","container_hash":"registry.example.org/api@sha256:%032x","container_image":"registry.example.org/api:1.%d.0"}}`,
		spread(i, 1)%1_000_000_000, pick(i, 2, []string{"stdout", "stderr"}), pick(i, 3, levels), pick(i, 4, components),
		latency(i), spread(i, 5)%1_000_000, spread(i, 6)%256, spread(i, 7)%256, spread(i, 8)%256, spread(i, 9)%9, 1+spread(i, 10)%3,
		spread(i, 11), podSuffix(spread(i, 12)%20), pick(i, 13, namespaces), uint32(spread(i, 12)%20), spread(i, 14)%3,
		spread(i, 15)%12, pick(i, 4, components), spread(i, 12)%20, spread(i, 14)%3, spread(i, 14)%3)
}

func kubernetesMetrics() []Metric {
	in := func(key string) []string { return []string{"kubernetes", key} }
	namespace, container := Label{"namespace", in("namespace_name")}, Label{"container", in("container_name")}
	level, stream := Label{"level", []string{"level"}}, Label{"stream", []string{"stream"}}
	metrics := []Metric{
		{Name: "log_lines_total", Labels: []Label{container, namespace, stream}},
		{Name: "log_levels_total", Labels: []Label{level, namespace}},
		{Name: "pod_lines_total", Labels: []Label{{"pod", in("pod_name")}}},
		{Name: "node_lines_total", Labels: []Label{{"node", in("host")}}},
		{Name: "app_lines_total", Labels: []Label{{"app", []string{"kubernetes", "labels", "app"}}, level}},
		{Name: "took_seconds", Labels: []Label{container, namespace}, Value: []string{"took"}, Buckets: Buckets},
	}
	for n := range 14 {
		component := "unused"
		if n < len(components) {
			component = components[n]
		}
		metrics = append(metrics, Metric{
			Name:   fmt.Sprintf("component_%d_lines_total", n),
			Labels: []Label{level, namespace},
			Where:  &Where{Path: []string{"component"}, Text: component},
		})
	}
	return metrics
}
