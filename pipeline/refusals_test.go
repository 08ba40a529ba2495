package pipeline

import (
	"strings"
	"testing"

	"github.com/promexporter/promexporter/flb"
)

// TestRefusedValuesAreLogged holds that a value of which a rule makes no sample leaves a line and an example, and that
// neither has the value if the user does not want it.
func TestRefusedValuesAreLogged(t *testing.T) {
	const rules = `
metrics:
- {name: took_seconds, type: gauge, help: Time., value: {from: $took, parse: duration, max: 10}}
- {name: field_bytes, type: gauge, help: Bytes., fields: '^n$', value: {min: 5}}
- {name: lines_total, type: counter, help: Lines., each: $lines}
- {name: 'app_${name}', rule: apps, type: gauge, help: A., value: 1, family_limit: 1, condition: {field: $name, op: exists}}
- {name: size_bytes, type: histogram, help: S., bucket_counts: $counts, sum: 1, buckets: [1, 2], condition: {field: $counts, op: exists}}
`
	long := strings.Repeat("ä", 40)
	for _, values := range []string{"on", "off"} {
		t.Run("log_values "+values, func(t *testing.T) {
			keys := map[string]string{"rules_file": writeRules(t, rules)}
			keys["log_values"] = values
			p, log := openOne(t, keys)
			for range 3 {
				flush(t, p, "app.web", `{"name":"a"}
					{"name":"b"}
					{"name":"-","counts":[1]}
					{"took":"`+long+`","n":1,"lines":7}`+"\n"+`{"took":"1h"}`, flb.OK)
			}
			_, body := get(t, p, "/-/rules")
			for _, want := range []string{
				`rule=took_seconds tag=app.web field=$took value=` + long[:64] + ` expected="a duration, such as 1m30s or 00:01:30"`,
				`rule=took_seconds tag=app.web field=$took value=1h expected="a number from -Inf to 10"`,
				`rule=field_bytes tag=app.web field=n value=1 expected="a number from 5 to +Inf"`,
				`rule=lines_total tag=app.web field=$lines value=7 expected="an array"`,
				`rule=apps tag=app.web field=$name value=b expected="a name that the rule already has, because it has as many as family_limit"`,
				`rule=apps tag=app.web field=$name value=- expected="a text of at most 256 bytes with a letter or digit, for the name of the metric"`,
				`rule=size_bytes tag=app.web field=$counts value=array expected="all bounds of buckets"`,
			} {
				if values == "off" {
					start, rest, _ := strings.Cut(want, " value=")
					want = start + rest[strings.Index(rest, " expected="):]
				}
				if n := strings.Count(log.String(), want); n != 1 {
					t.Errorf("%d lines have %q:\n%s", n, want, log.String())
				}
			}
			shown := strings.Contains(body, `"value": "1h"`)
			if !strings.Contains(body, `"expected": "a number from -Inf to 10"`) || shown != (values == "on") {
				t.Errorf("/-/rules has %s", body)
			}
		})
	}
}
