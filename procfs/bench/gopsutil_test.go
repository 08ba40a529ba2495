// Package bench measures what package procfs is compared with and does not use.
package bench

import (
	"os"
	"testing"

	"github.com/shirou/gopsutil/v4/process"
)

// BenchmarkRound is a whole round by gopsutil: name, times, and with files what the records of package procfs hold.
// HOST_PROC names the procfs.
func BenchmarkRound(b *testing.B) {
	for _, extent := range []string{"times", "files"} {
		b.Run("extent="+extent+"/by=gopsutil", func(b *testing.B) {
			processes := 0
			b.ReportAllocs()
			for b.Loop() {
				processes = round(b, extent == "files")
			}
			b.ReportMetric(float64(processes), "processes")
		})
	}
}

func round(b *testing.B, more bool) int {
	all, err := process.Processes()
	if err != nil {
		b.Fatal(err)
	}
	for _, p := range all {
		_, _ = p.Name()
		_, _ = p.Times()
		if more {
			_, _ = p.Ppid()
			_, _ = p.Uids()
			_, _ = p.MemoryInfo()
			_, _ = p.NumThreads()
			_, _ = p.NumFDs()
			_, _ = p.IOCounters()
			_, _ = p.CreateTime()
		}
	}
	return len(all)
}

func TestMain(m *testing.M) {
	if os.Getenv("HOST_PROC") == "" {
		os.Setenv("HOST_PROC", "/proc")
	}
	os.Exit(m.Run())
}
