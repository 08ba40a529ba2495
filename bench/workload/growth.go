package workload

import (
	"fmt"
	"strings"
)

// Repeated is n equal records and a rules file.
func Repeated(n int, rules, record string) *Load {
	l := &Load{Name: "repeated", Tag: "growth", Rules: rules, Records: make([]string, n)}
	for i := range l.Records {
		l.Records[i] = record
	}
	return l
}

// Counters are n rules, each of which counts the records that match a condition, or all records.
func Counters(n int, condition string) string {
	var b strings.Builder
	b.WriteString("metrics:\n")
	for i := range n {
		fmt.Fprintf(&b, "- {name: records_%d_total, type: counter, help: Records., labels: {host: $host, method: $method}%s}\n", i, condition)
	}
	return b.String()
}

// Record is one of an access log with the fields that Counters read.
const Record = `{"host":"shop.example.org","method":"GET","status":200,"duration":0.25}`

// Fields is a record of n numbers.
func Fields(n int) string {
	return object(n, func(i int) string { return fmt.Sprintf(`"field_%d":%d`, i, i) }, "{}")
}

// Elements is a record with an array of n maps.
func Elements(n int) string {
	return `{"items":` + object(n, func(i int) string { return fmt.Sprintf(`{"name":"item-%d","value":%d}`, i%20, i) }, "[]") + "}"
}

func object(n int, part func(i int) string, brackets string) string {
	parts := make([]string, n)
	for i := range parts {
		parts[i] = part(i)
	}
	return brackets[:1] + strings.Join(parts, ",") + brackets[1:]
}

// Observed are n series of one family that observes numbers.
func Observed(n int, family string) *Load {
	l := &Load{Name: "observed", Tag: "growth", Rules: fmt.Sprintf(
		"metrics:\n- {name: took_seconds, help: Time., value: $took, labels: {host: $host}, %s}\n", family)}
	for i := range max(n, 10_000) {
		l.Records = append(l.Records, fmt.Sprintf(`{"host":"host-%d","took":%v}`, i*7919%n, float64(spread(i, 1)%10_000+1)/1000))
	}
	return l
}
