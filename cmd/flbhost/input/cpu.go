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

var cpuKeys = intervalKeys

// ticksPerSecond is sysconf(_SC_CLK_TCK), which Linux has set to 100 for programs.
const ticksPerSecond = 100

// cpu tells the share of time that the machine and its cores were busy since the last time.
type cpu struct {
	stat  string
	every time.Duration
	last  []ticks // of the machine, then of each core
}

// ticks are the times of one line of /proc/stat.
type ticks struct {
	user, system uint64 // user includes nice
}

// newCPU measures once, so that the first Collect can tell a difference.
func newCPU(l property.List, s System) (Input, error) {
	c := &cpu{stat: filepath.Join(s.Proc, "stat")}
	var err error
	if c.every, err = interval(l, time.Second); err != nil {
		return nil, err
	}
	c.last, err = c.measure()
	return c, err
}

func (c *cpu) Interval() time.Duration { return c.every }

func (c *cpu) Collect(now time.Time, b []byte) ([]byte, error) {
	next, err := c.measure()
	if err != nil {
		return b, err
	}
	cores := min(len(c.last), len(next)) - 1
	b = appendHead(b, now, noMetadata)
	b = appendMap32(b, 3*(cores+1))
	machine := share{seconds: c.every.Seconds() * float64(cores), last: c.last[0], next: next[0]}
	b = machine.append(b, "cpu_p", "user_p", "system_p")
	for i := range cores {
		core := share{seconds: c.every.Seconds(), last: c.last[i+1], next: next[i+1]}
		name := "cpu" + strconv.Itoa(i) + "."
		b = core.append(b, name+"p_cpu", name+"p_user", name+"p_system")
	}
	c.last = next
	return b, nil
}

// share is the difference of two measurements. Fluent Bit divides it by the interval that was asked for, not by the
// time that has passed.
type share struct {
	seconds    float64 // of all cores together
	last, next ticks
}

func (s share) append(b []byte, all, user, system string) []byte {
	b = appendFloat(b, all, s.percent(s.last.user+s.last.system, s.next.user+s.next.system))
	b = appendFloat(b, user, s.percent(s.last.user, s.next.user))
	return appendFloat(b, system, s.percent(s.last.system, s.next.system))
}

// percent takes the absolute difference, as Fluent Bit does: the kernel's counters may go back a little.
func (s share) percent(last, next uint64) float64 {
	return float64(max(last, next)-min(last, next)) * 100 / ticksPerSecond / s.seconds
}

// measure reads the first line, of all cores, and those of the cores that follow it.
func (c *cpu) measure() ([]ticks, error) {
	content, err := os.ReadFile(c.stat)
	if err != nil {
		return nil, err
	}
	var all []ticks
	for line := range strings.Lines(string(content)) {
		if !strings.HasPrefix(line, "cpu") {
			break
		}
		t, err := parseTicks(strings.Fields(line))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.stat, err)
		}
		all = append(all, t)
	}
	if len(all) < 2 {
		return nil, fmt.Errorf("%s has no line of a core", c.stat)
	}
	return all, nil
}

// parseTicks reads name, user, nice, system, idle and iowait; the last two have to be there, and are not used.
func parseTicks(fields []string) (ticks, error) {
	if len(fields) < 6 {
		return ticks{}, fmt.Errorf("%q has fewer than five numbers", strings.Join(fields, " "))
	}
	var n [3]uint64
	for i := range n {
		var err error
		if n[i], err = strconv.ParseUint(fields[i+1], 10, 64); err != nil {
			return ticks{}, fmt.Errorf("%q: %w", strings.Join(fields, " "), err)
		}
	}
	return ticks{user: n[0] + n[1], system: n[2]}, nil
}
