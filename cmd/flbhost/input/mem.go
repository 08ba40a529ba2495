package input

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/promexporter/promexporter/cmd/flbhost/property"
)

var memKeys = intervalKeys

// mem tells how much memory there is and how much is used, in KiB.
type mem struct {
	meminfo string
	every   time.Duration
}

func newMem(l property.List, s System) (Input, error) {
	m := &mem{meminfo: filepath.Join(s.Proc, "meminfo")}
	var err error
	m.every, err = interval(l, time.Second)
	return m, err
}

func (m *mem) Interval() time.Duration { return m.every }

func (m *mem) Collect(now time.Time, b []byte) ([]byte, error) {
	var kib [4]uint64
	if err := m.read([]string{"MemTotal", "MemFree", "SwapTotal", "SwapFree"}, kib[:]); err != nil {
		return b, err
	}
	b = appendHead(b, now, noMetadata)
	b = appendMap32(b, 6)
	b = appendUint(b, "Mem.total", kib[0])
	b = appendUint(b, "Mem.used", kib[0]-kib[1])
	b = appendUint(b, "Mem.free", kib[1])
	b = appendUint(b, "Swap.total", kib[2])
	b = appendUint(b, "Swap.used", kib[2]-kib[3])
	return appendUint(b, "Swap.free", kib[3]), nil
}

// read finds names in /proc/meminfo. Fluent Bit asks sysinfo(2), which gives the same numbers.
func (m *mem) read(names []string, kib []uint64) error {
	content, err := os.ReadFile(m.meminfo)
	if err != nil {
		return err
	}
	found := 0
	for line := range strings.Lines(string(content)) {
		name, rest, _ := strings.Cut(line, ":")
		for i := range names {
			if name != names[i] {
				continue
			}
			value := strings.TrimSuffix(strings.TrimSpace(rest), " kB")
			if kib[i], err = strconv.ParseUint(value, 10, 64); err != nil {
				return fmt.Errorf("%s: %s: %w", m.meminfo, name, err)
			}
			found++
		}
	}
	if found != len(names) {
		return fmt.Errorf("%s has not all of %s", m.meminfo, strings.Join(names, ", "))
	}
	return nil
}
