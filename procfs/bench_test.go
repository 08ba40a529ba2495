package procfs

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	prometheus "github.com/prometheus/procfs"
)

// benchPath is a tree of 1,000 processes, or what PROCFS names, such as /proc.
func benchPath(b *testing.B) string {
	if path := os.Getenv("PROCFS"); path != "" {
		return path
	}
	t := newFakeTree(b)
	for n := range 1000 {
		t.process(fake{pid: n + 1, name: fmt.Sprint("process-", n%50), user: 211, system: 771, start: 460131, fds: 10})
	}
	return t.path
}

// BenchmarkRound is a whole round, in each extent, with its records.
func BenchmarkRound(b *testing.B) {
	for name, part := range map[string]Part{"times": Times, "files": Files, "command": Command} {
		b.Run(name, func(b *testing.B) {
			s, err := NewSampler(Choice{Path: benchPath(b), Only: part}, func(string, int32, error) {})
			if err != nil {
				b.Fatal(err)
			}
			defer s.Close()
			var records []byte
			b.ReportAllocs()
			for b.Loop() {
				r, err := s.Round(context.Background(), time.Now)
				if err != nil {
					b.Fatal(err)
				}
				records = appendProcesses(records[:0], r)
				b.ReportMetric(float64(len(r.Processes)), "processes")
			}
		})
	}
}

// BenchmarkPrometheus reads as much by github.com/prometheus/procfs, without any record.
func BenchmarkPrometheus(b *testing.B) {
	for name, more := range map[string]bool{"times": false, "files": true} {
		b.Run(name, func(b *testing.B) {
			fs, err := prometheus.NewFS(benchPath(b))
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				all, err := fs.AllProcs()
				if err != nil {
					b.Fatal(err)
				}
				for _, p := range all {
					_, _ = p.Stat()
					if more {
						_, _ = p.NewStatus()
						_, _ = p.FileDescriptorsLen()
						_, _ = p.IO()
					}
				}
			}
		})
	}
}

func BenchmarkParseStat(b *testing.B) {
	line := []byte(fake{pid: 4711, name: "process", user: 211, system: 771, start: 460131}.stat())
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := parseStat(line, 4711); !ok {
			b.Fatal("not a stat file")
		}
	}
}

// BenchmarkRecord is the records of a thousand processes.
func BenchmarkRecord(b *testing.B) {
	var buffer []byte
	b.ReportAllocs()
	for b.Loop() {
		for range 1000 {
			buffer = appendProcess(buffer[:0], &sample, &sample.Processes[0])
		}
	}
}

// BenchmarkBoot is what a round spends on the time of the boot.
func BenchmarkBoot(b *testing.B) {
	fs, err := prometheus.NewFS("/proc")
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := fs.Stat(); err != nil {
			b.Fatal(err)
		}
	}
}
