package input

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/tinylib/msgp/msgp"
)

// newMem returns an input that reports in KiB how much memory there is and how much of it is used.
func newMem(proc string) Input {
	meminfo := filepath.Join(proc, "meminfo")
	return Input{time.Second, func(now time.Time, b []byte) ([]byte, error) { return collectMem(meminfo, now, b) }}
}

func collectMem(meminfo string, now time.Time, b []byte) ([]byte, error) {
	content, err := os.ReadFile(meminfo)
	if err != nil {
		return b, err
	}
	kib := map[string]uint64{}
	for line := range strings.Lines(string(content)) {
		var name string
		var n uint64
		if _, err := fmt.Sscan(line, &name, &n); err != nil {
			return b, fmt.Errorf("%s: %q: %w", meminfo, line, err)
		}
		kib[name] = n
	}
	event := appendMap32(appendHead(nil, now, appendMap32(nil, 0)...), 6)
	for _, kind := range []string{"Mem", "Swap"} {
		total, hasTotal := kib[kind+"Total:"]
		free, hasFree := kib[kind+"Free:"]
		if !hasTotal || !hasFree {
			return b, fmt.Errorf("%s has no %sTotal or no %[2]sFree", meminfo, kind)
		}
		event = msgp.AppendUint64(msgp.AppendString(event, kind+".total"), total)
		event = msgp.AppendUint64(msgp.AppendString(event, kind+".used"), total-free)
		event = msgp.AppendUint64(msgp.AppendString(event, kind+".free"), free)
	}
	return append(b, event...), nil
}
