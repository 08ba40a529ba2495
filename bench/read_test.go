package bench

import (
	"io"
	"testing"

	"github.com/promexporter/promexporter/bench/baseline"
	"github.com/promexporter/promexporter/bench/workload"
	"github.com/promexporter/promexporter/record"
)

// BenchmarkRead reads the records of a chunk with the fields that rules need: for the access log the four of its two
// metrics, for Kubernetes logs ten, for the cpu input all numbers.
func BenchmarkRead(b *testing.B) {
	for _, load := range []func() *workload.Load{workload.Access, workload.Kubernetes, workload.CPU} {
		l := load()
		chunks := even(l, 50)
		l.Records = nil
		b.Run("load="+l.Name, func(b *testing.B) {
			b.Run(ours, func(b *testing.B) { perRecord(b, chunks, reader(b, l)) })
			for _, by := range []string{floor, msgpSkip} {
				b.Run(by, func(b *testing.B) { perRecord(b, chunks, worker(b, l, by)) })
			}
			b.Run("by=fluent-bit-go", func(b *testing.B) {
				perRecord(b, chunks, func(chunk []byte) { baseline.Decode(chunk, func(map[any]any) {}) })
			})
		})
	}
}

// reader returns a function that reads a chunk with the package record.
func reader(b *testing.B, l *workload.Load) func(chunk []byte) {
	leaves := record.Leaves(0)
	if l.Metrics == nil {
		leaves = record.Numbers
	}
	s := record.NewSelector(paths(l), leaves)
	var r record.Reader
	var e record.Event
	return func(chunk []byte) {
		r.Reset(chunk, s)
		for {
			switch err := r.Next(&e); err {
			case nil:
			case io.EOF:
				return
			default:
				b.Fatal(err)
			}
		}
	}
}

// paths returns the fields that the metrics of l need, each once.
func paths(l *workload.Load) []record.Path {
	var all []record.Path
	seen := make(map[string]bool)
	add := func(path []string) {
		p := record.Path{Root: record.Body}
		key := ""
		for _, step := range path {
			p.Steps = append(p.Steps, record.Step{Key: step})
			key += step + "/"
		}
		if path != nil && !seen[key] {
			seen[key] = true
			all = append(all, p)
		}
	}
	for _, m := range l.Metrics {
		add(m.Value)
		for _, label := range m.Labels {
			add(label.Path)
		}
		if m.Where != nil {
			add(m.Where.Path)
		}
	}
	return all
}
