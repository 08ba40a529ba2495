package bench

import (
	"testing"
	"time"

	"github.com/fluent/fluent-bit-go/input"
)

// BenchmarkRecord is the records of a thousand processes by the encoder of fluent-bit-go, from values that are there
// already; the benchmark of that name in package procfs is the same without it.
func BenchmarkRecord(b *testing.B) {
	encoder := input.NewEncoder()
	record := map[string]any{
		"pid": 42, "ppid": 1, "name": "burn", "state": "R", "uid": 33, "cpu_jiffies": 625, "cpu_user_seconds": 5.0,
		"cpu_system_seconds": 1.25, "cpu_percent": 50.0, "interval_cpu_user_seconds": 1.5, "interval_cpu_system_seconds": 0.5,
		"rss_bytes": 4096, "virtual_bytes": 8192, "threads": 2, "open_fds": 7, "start_time": 1700000001.5, "read_bytes": 10,
		"written_bytes": 20, "cmdline": "/bin/burn -x",
	}
	b.Run("by=fluent-bit-go", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			for range 1000 {
				if _, err := encoder.Encode([]any{input.FLBTime{Time: time.Unix(1_700_000_000, 5)}, record}); err != nil {
					b.Fatal(err)
				}
			}
		}
	})
}
