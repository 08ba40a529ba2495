package e2e

import (
	"bytes"
	"math"
	"net/http"
	"slices"
	"testing"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
)

// postOTLP sends metrics to the input opentelemetry, as soon as it listens.
func postOTLP(t *testing.T, address string, request []byte) {
	t.Helper()
	until(t, "the input opentelemetry takes no metrics", func() bool {
		response, err := http.Post("http://"+address+"/v1/metrics", "application/x-protobuf", bytes.NewReader(request))
		if err != nil {
			return false
		}
		response.Body.Close()
		return response.StatusCode/100 == 2
	})
}

// Temporalities of OpenTelemetry.
const (
	deltaTemporality      = 1
	cumulativeTemporality = 2
)

// otlp is a request of one service with a metric of each kind. What is cumulative stays the same from request to
// request.
func otlp(now time.Time) []byte {
	metric := func(name, unit string, kind protowire.Number, point []byte, more ...[]byte) []byte {
		return field(2, text(1, name), text(3, unit), field(kind, field(1, point), slices.Concat(more...)))
	}
	temporality := func(n uint64) []byte { return varint(2, n) }
	monotonic := varint(3, 1)
	histogram := slices.Concat(times(now), fixed(4, 6), double(5, 12.5), packed(6, 1, 2, 3),
		packed(7, math.Float64bits(0.1), math.Float64bits(1)), field(8, exemplarOf(now, 0.5)))
	exponential := slices.Concat(times(now), fixed(4, 9), double(5, 20), varint(6, protowire.EncodeZigZag(1)), fixed(7, 1),
		field(8, varint(1, protowire.EncodeZigZag(-1)), field(2, []byte{1, 3, 4})), field(11, exemplarOf(now, 1.5)))
	summary := slices.Concat(times(now), fixed(4, 10), double(5, 55),
		field(6, double(1, 0.5), double(2, 5)), field(6, double(1, 0.9), double(2, 9)))
	metrics := slices.Concat(
		metric("latency", "s", 9, histogram, temporality(cumulativeTemporality)),
		metric("batch.size", "", 9, histogram, temporality(deltaTemporality)),
		metric("jobs", "", 7, slices.Concat(times(now), double(4, 2)), temporality(deltaTemporality), monotonic),
		metric("orders", "", 7, slices.Concat(times(now), double(4, 42), field(5, exemplarOf(now, 1))), temporality(cumulativeTemporality), monotonic),
		metric("queue.length", "", 5, slices.Concat(times(now), double(4, -3.5))),
		metric("took", "", 10, exponential, temporality(cumulativeTemporality)),
		metric("payload", "", 11, summary))
	return field(1,
		field(1, field(1, text(1, "service.name"), field(2, text(1, "cart"))), field(1, text(1, "service.namespace"), field(2, text(1, "shop")))),
		field(2, field(1, text(1, "scope")), metrics))
}

// traceID is the trace of all exemplars.
const traceID = "0102030405060708090a0b0c0d0e0f10"

func exemplarOf(now time.Time, value float64) []byte {
	return slices.Concat(fixed(2, uint64(now.UnixNano())), double(3, value), field(5, []byte("\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10")))
}

// What follows appends fields of a message of protobuf.

func field(number protowire.Number, parts ...[]byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(nil, number, protowire.BytesType), slices.Concat(parts...))
}

func text(number protowire.Number, s string) []byte { return field(number, []byte(s)) }

func varint(number protowire.Number, n uint64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(nil, number, protowire.VarintType), n)
}

func fixed(number protowire.Number, n uint64) []byte {
	return protowire.AppendFixed64(protowire.AppendTag(nil, number, protowire.Fixed64Type), n)
}

func double(number protowire.Number, v float64) []byte { return fixed(number, math.Float64bits(v)) }

func packed(number protowire.Number, all ...uint64) []byte {
	var b []byte
	for _, n := range all {
		b = protowire.AppendFixed64(b, n)
	}
	return field(number, b)
}

// times are the start and the time of a point.
func times(now time.Time) []byte {
	return append(fixed(2, uint64(now.Add(-time.Hour).UnixNano())), fixed(3, uint64(now.UnixNano()))...)
}
