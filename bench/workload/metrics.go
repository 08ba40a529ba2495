package workload

import (
	"strconv"

	"github.com/tinylib/msgp/msgp"
)

// Histograms is a chunk of metrics events as the input opentelemetry makes it: a histogram with 12 buckets and n series
// of two labels.
func Histograms(n int) []byte {
	var b []byte
	mapOf := func(size uint32) { b = msgp.AppendMapHeader(b, size) }
	key := func(name string) { b = msgp.AppendString(b, name) }
	array := func(name string, size int) { key(name); b = msgp.AppendArrayHeader(b, uint32(size)) }
	text := func(name, value string) { key(name); key(value) }

	mapOf(2)
	key("meta")
	mapOf(3)
	key("cmetrics")
	mapOf(1)
	text("producer", "opentelemetry")
	key("external")
	mapOf(1)
	key("resource")
	mapOf(1)
	key("attributes")
	mapOf(1)
	text("service.name", "cart")
	key("processing")
	mapOf(0)
	array("metrics", 1)
	mapOf(2)
	key("meta")
	mapOf(5)
	key("type")
	b = msgp.AppendUint(b, 2)
	key("opts")
	mapOf(5)
	text("ns", "")
	text("ss", "")
	text("name", "http.server.request.duration")
	text("desc", "Duration of HTTP server requests.")
	text("unit", "s")
	array("labels", 2)
	key("http.request.method")
	key("http.route")
	key("aggregation_type")
	b = msgp.AppendUint(b, 2)
	array("buckets", 11)
	for i := range 11 {
		b = msgp.AppendFloat64(b, 0.005*float64(int(1)<<i))
	}
	array("values", n)
	for i := range n {
		mapOf(5)
		key("ts")
		b = msgp.AppendUint64(b, 1_700_000_001_000_000_000)
		key("start_ts")
		b = msgp.AppendUint64(b, 1_700_000_000_000_000_000)
		key("histogram")
		mapOf(3)
		array("buckets", 12)
		for k := range 12 {
			b = msgp.AppendUint64(b, uint64(i*k))
		}
		key("sum")
		b = msgp.AppendFloat64(b, float64(i))
		key("count")
		b = msgp.AppendUint64(b, uint64(i*66))
		array("labels", 2)
		key("GET")
		key("/api/v1/items/" + strconv.Itoa(i))
		key("hash")
		b = msgp.AppendUint64(b, uint64(i)*0x9e3779b97f4a7c15)
	}
	return b
}
