package main

import (
	"fmt"
	"os"
	"testing"

	"github.com/promexporter/promexporter/internal/chunktest"
)

// TestExplainSnapshots holds what the commands say of the keys of metrics events that concern whole contexts.
func TestExplainSnapshots(t *testing.T) {
	context := func(chunk []byte, now int, series string, at int) []byte {
		point := `{"meta":{"type":1,"opts":{"name":"x_bytes"},"labels":["dev"]},"values":[{"ts":%d000000000,"value":1,"labels":[%q]}]}`
		return chunktest.JSON(chunk, `{"meta":{"cmetrics":{},"external":{},"processing":{}},"metrics":[`+
			fmt.Sprintf(point, now, "a")+","+fmt.Sprintf(point, at, series)+`]}`)
	}
	chunk := context(context(nil, 1_700_000_000, "b", 1_700_000_000), 1_700_000_061, "c", 1_700_000_000)
	t.Chdir(t.TempDir())
	if err := os.WriteFile("node.mp", chunk, 0o600); err != nil {
		t.Fatal(err)
	}
	d := document{t: t}
	d.run("```yaml file=r.yaml\n" + `received:
- {metric: x_bytes, unit: bytes, timestamps: true, snapshot: true, max_lag: 1m}
` + "```\n```console\n" + `$ promexporter eval -q -r r.yaml -t node --clock records node.mp
# HELP x_bytes 
# TYPE x_bytes gauge
x_bytes{dev="a"} 1 1700000061000
$ promexporter explain -q -r r.yaml -t node --clock records --only applied --limit 1 node.mp
node.mp:1  node
x_bytes{dev="a"}  gauge
  ✓  received[0]  r.yaml:2
       → x_bytes{dev="a"} 1, in bytes, with its time, until a snapshot without it
$ promexporter explain -q -r r.yaml -t node --clock records --only refused node.mp
node.mp:2  node
x_bytes{dev="c"}  gauge
  ✓  received[0]  r.yaml:2
  !  lagging: the point was dropped
$ promexporter explain -q -r r.yaml -t node -o json --clock records --only applied --limit 1 node.mp
{"source":"node.mp","context":1,"tag":"node","name":"x_bytes","type":"gauge","labels":{"dev":"a"},"rules":[{"rule":"received[0]","file":"r.yaml","line":2,"outcome":"applied"}],"series":{"name":"x_bytes","type":"gauge","labels":{"dev":"a"},"unit":"bytes","timestamp":true,"snapshot":true}}
` + "```\n")
}
