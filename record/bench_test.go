package record

import (
	"io"
	"testing"

	"github.com/tinylib/msgp/msgp"
)

// benchChunk is 50 access-log events of 8 fields, as Fluent Bit 5.1.1 writes them.
const benchChunk = "v5.1.1/access.mp"

// fivePaths is what a counter with three labels and a histogram with two would ask for.
var fivePaths = []string{"body.method", "body.status", "body.host", "body.latency", "body.bytes"}

func BenchmarkReader(b *testing.B) {
	benchmarkReader(b, NewSelector(paths(fivePaths...), 0))
}

func BenchmarkReaderLeaves(b *testing.B) {
	benchmarkReader(b, NewSelector(nil, Numbers))
}

func benchmarkReader(b *testing.B, s *Selector) {
	chunk := capture(b, benchChunk)
	var r Reader
	var e Event
	events := 0
	b.ReportAllocs()
	b.SetBytes(int64(len(chunk)))
	for b.Loop() {
		r.Reset(chunk, s)
		events = 0
		for {
			err := r.Next(&e)
			if err == io.EOF {
				break
			}
			if err != nil {
				b.Fatal(err)
			}
			events++
		}
	}
	reportPerRecord(b, events)
}

// BenchmarkSkip finds the ends of the events and nothing else.
func BenchmarkSkip(b *testing.B) {
	chunk := capture(b, benchChunk)
	events := 0
	b.ReportAllocs()
	b.SetBytes(int64(len(chunk)))
	for b.Loop() {
		events = 0
		for i := 0; i < len(chunk); events++ {
			if i = skip(chunk, i); i < 0 {
				b.Fatal("bad chunk")
			}
		}
	}
	reportPerRecord(b, events)
}

// BenchmarkMsgpSkip is the floor that the others are compared with.
func BenchmarkMsgpSkip(b *testing.B) {
	chunk := capture(b, benchChunk)
	events := 0
	b.ReportAllocs()
	b.SetBytes(int64(len(chunk)))
	for b.Loop() {
		events = 0
		for rest := chunk; len(rest) > 0; events++ {
			var err error
			if rest, err = msgp.Skip(rest); err != nil {
				b.Fatal(err)
			}
		}
	}
	reportPerRecord(b, events)
}

func reportPerRecord(b *testing.B, events int) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(events), "ns/record")
}
