package deploy

import (
	"slices"
	"strings"
	"testing"

	monitoring "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	core "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"
)

// chartValues are the values of the chart fluent-bit 0.58.1 that are used here, with the types that its templates give
// them. The chart itself is not here: render it by hand when the supported version changes.
type chartValues struct {
	InitContainers    []core.Container   `json:"initContainers"`
	ExtraVolumes      []core.Volume      `json:"extraVolumes"`
	ExtraVolumeMounts []core.VolumeMount `json:"extraVolumeMounts"`
	Args              []string           `json:"args"`
	ExtraPorts        []struct {
		Name          string `json:"name"`
		Port          int32  `json:"port"`
		ContainerPort int32  `json:"containerPort"`
		Protocol      string `json:"protocol"`
	} `json:"extraPorts"`
	ServiceMonitor struct {
		Enabled             bool                  `json:"enabled"`
		AdditionalEndpoints []monitoring.Endpoint `json:"additionalEndpoints"`
	} `json:"serviceMonitor"`
	Config struct {
		Outputs string `json:"outputs"`
	} `json:"config"`
}

func readValues(t *testing.T) (v chartValues) {
	t.Helper()
	if err := yaml.UnmarshalStrict([]byte(read(t, "helm/values.yaml")), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestValues(t *testing.T) {
	v := readValues(t)
	fluentBit := core.Container{Name: "fluent-bit", VolumeMounts: v.ExtraVolumeMounts}
	checkMounts(t, append(v.InitContainers, fluentBit), v.ExtraVolumes, "promexporter-rules")
	checkPlugin(t, v.InitContainers, v.ExtraVolumeMounts, strings.Join(v.Args, " "))
	for _, argument := range []string{"--workdir=/fluent-bit/etc", "--config=/fluent-bit/etc/conf/fluent-bit.conf"} {
		if !slices.Contains(v.Args, argument) {
			t.Errorf("args replace the chart's own, and have no %s", argument)
		}
	}
	port := v.ExtraPorts[0]
	checkPorts(t, []core.ContainerPort{{Name: port.Name, ContainerPort: port.ContainerPort}})
	if got := v.ServiceMonitor.AdditionalEndpoints[0].Port; !v.ServiceMonitor.Enabled || got != port.Name {
		t.Errorf("the monitor scrapes %s", got)
	}
	if strings.Contains(v.Config.Outputs, "{{") {
		t.Error("the chart takes {{ }} in config.outputs for a template")
	}
}
