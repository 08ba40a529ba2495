package rule_test

import (
	"errors"
	"fmt"
	"io"

	"github.com/promexporter/promexporter/collector"
	"github.com/promexporter/promexporter/config"
	"github.com/promexporter/promexporter/internal/chunktest"
	"github.com/promexporter/promexporter/record"
	"github.com/promexporter/promexporter/rule"
)

// Rules are compiled once. The plan of a tag then makes samples of each event.
func Example() {
	rules, err := config.ParseRules("rules.yaml", []byte(`metrics:
- {name: requests_total, type: counter, help: Requests., match: 'nginx.*', labels: {method: $method}}
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	set := rule.Compile([]*config.Rules{rules}, rule.Options{})
	for _, tag := range []string{"nginx.access", "other"} {
		plan := set.Plan(tag)
		var reader record.Reader
		var scratch rule.Scratch
		var batch collector.Batch
		reader.Reset(chunktest.Events(`{"method":"GET"}`), plan.Selector())
		for {
			if err := reader.Next(&scratch.Event); errors.Is(err, io.EOF) {
				break
			}
			plan.Apply(&scratch, &batch)
		}
		fmt.Println(tag, batch.Len())
	}
	// Output:
	// nginx.access 1
	// other 0
}
