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

// BenchmarkRound is a whole round, in each extent, with its records, compared with only the reading of as much by
// github.com/prometheus/procfs. procfs/bench has the same by gopsutil.
func BenchmarkRound(b *testing.B) {
	for _, extent := range []struct {
		name   string
		fields Fields
	}{{"times", Times}, {"files", Files}, {"command", Files | Cmdline}} {
		b.Run("extent="+extent.name, func(b *testing.B) {
			b.Run("by=promexporter", func(b *testing.B) { benchmarkRound(b, extent.fields) })
			if extent.fields != Files|Cmdline {
				b.Run("by=prometheus", func(b *testing.B) { benchmarkPrometheus(b, extent.fields == Files) })
			}
		})
	}
}

// BenchmarkField is a round with one field more than the default, as each key switches it on.
func BenchmarkField(b *testing.B) {
	b.Run("field=none", func(b *testing.B) { benchmarkRound(b, Files) })
	for _, f := range fieldSwitches() {
		b.Run("field="+f.name, func(b *testing.B) { benchmarkRound(b, Files|f.field) })
	}
}

func benchmarkRound(b *testing.B, fields Fields) {
	c := Choice{Path: benchPath(b), Fields: fields, PasswdFile: "/etc/passwd"}
	s, err := NewSampler(c, func(string, int32, error) {})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	var records []byte
	processes := 0
	b.ReportAllocs()
	for b.Loop() {
		r, err := s.Round(context.Background(), time.Now)
		if err != nil {
			b.Fatal(err)
		}
		records = appendProcesses(records[:0], r)
		processes = len(r.Processes)
	}
	b.ReportMetric(float64(processes), "processes")
}

func benchmarkPrometheus(b *testing.B, more bool) {
	fs, err := prometheus.NewFS(benchPath(b))
	if err != nil {
		b.Fatal(err)
	}
	processes := 0
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
		processes = len(all)
	}
	b.ReportMetric(float64(processes), "processes")
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

// BenchmarkRecord is the records of a thousand processes. procfs/bench has the same by the encoder of fluent-bit-go.
func BenchmarkRecord(b *testing.B) {
	b.Run("by=promexporter", func(b *testing.B) {
		round := Round{Time: sample.Time, Boot: sample.Boot, Fields: Files | Cmdline, Processes: sample.Processes}
		var buffer []byte
		b.ReportAllocs()
		for b.Loop() {
			for range 1000 {
				buffer = appendProcess(buffer[:0], &round, &round.Processes[0])
			}
		}
	})
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
