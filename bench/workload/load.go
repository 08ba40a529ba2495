package workload

import (
	"fmt"

	"github.com/tinylib/msgp/msgp"

	"github.com/promexporter/promexporter/internal/chunktest"
)

// Load is records of one tag and the metrics to make of them.
type Load struct {
	Name    string
	Tag     string
	Rules   string   // a rules file; "" for the default rules
	Records []string // JSON objects

	// Metrics says for the baseline what Rules says for the plugin. It is nil where Rules is "".
	Metrics []Metric
}

// Metric is one rule as a program without the plugin writes it.
type Metric struct {
	Name    string
	Labels  []Label // in the order of their names
	Where   *Where
	Value   []string  // path of the value; nil counts records
	Buckets []float64 // of a histogram; nil is a counter
}

// Label is a label and the path of its value.
type Label struct {
	Name string
	Path []string
}

// Where is a condition: the field at Path equals Text.
type Where struct {
	Path []string
	Text string
}

// start is the time of the first record in seconds since 1970.
const start = 1_700_000_000

// Chunks packs all records into chunks of n events each, as Fluent Bit 2.1 and later write them. The last one may be
// shorter.
func (l *Load) Chunks(n int) [][]byte {
	var chunks [][]byte
	var chunk []byte
	for i, r := range l.Records {
		chunk = chunktest.Event(chunk, start+uint32(i/1000), r)
		if (i+1)%n == 0 || i+1 == len(l.Records) {
			chunks = append(chunks, chunk[:len(chunk):len(chunk)])
			chunk = nil
		}
	}
	return chunks
}

// Chunk packs records, from the first one on and over again, until the chunk holds size bytes.
func (l *Load) Chunk(size int) []byte {
	chunk := make([]byte, 0, size+4096)
	for i := 0; len(chunk) < size; i++ {
		chunk = chunktest.Event(chunk, start+uint32(i/1000), l.Records[i%len(l.Records)])
	}
	return chunk
}

// First packs n records.
func (l *Load) First(n int) []byte {
	var chunk []byte
	for i := range n {
		chunk = chunktest.Event(chunk, start, l.Records[i%len(l.Records)])
	}
	return chunk
}

// Events counts the events of a chunk.
func Events(chunk []byte) (n int) {
	for ; len(chunk) > 0; n++ {
		var err error
		if chunk, err = msgp.Skip(chunk); err != nil {
			panic(fmt.Sprintf("workload: %v", err))
		}
	}
	return n
}

// spread returns a number that looks random and depends on i and salt only.
func spread(i, salt int) int {
	x := uint64(i)*0x9e3779b97f4a7c15 + uint64(salt)*0xbf58476d1ce4e5b9
	x ^= x >> 29
	x *= 0x94d049bb133111eb
	x ^= x >> 32
	return int(x >> 1)
}

// pick returns one of list.
func pick[T any](i, salt int, list []T) T { return list[spread(i, salt)%len(list)] }
