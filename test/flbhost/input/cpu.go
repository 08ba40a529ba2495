package input

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/tinylib/msgp/msgp"
)

// cpu reports the share of time that the machine and its cores were busy since the last Collect.
type cpu struct {
	stat string
	last []ticks // of the machine, then of each core
}

// ticks are hundredths of a second in one line of /proc/stat: busy in all, as user including nice, and as system.
type ticks [3]uint64

// newCPU measures once, so that the first Collect has a difference.
func newCPU(proc string) (Input, error) {
	c := &cpu{stat: filepath.Join(proc, "stat")}
	var err error
	c.last, err = c.measure()
	return Input{time.Second, c.collect}, err
}

func (c *cpu) collect(now time.Time, b []byte) ([]byte, error) {
	next, err := c.measure()
	if err != nil {
		return b, err
	}
	n := min(len(c.last), len(next))
	b = appendMap32(appendHead(b, now, appendMap32(nil, 0)...), 3*n)
	b = appendShares(b, [3]string{"cpu_p", "user_p", "system_p"}, c.last[0], next[0], n-1)
	for i := 1; i < n; i++ {
		core := fmt.Sprintf("cpu%d.", i-1)
		b = appendShares(b, [3]string{core + "p_cpu", core + "p_user", core + "p_system"}, c.last[i], next[i], 1)
	}
	c.last = next
	return b, nil
}

// appendShares appends percentages of a second: of the interval, not of the time that has passed, as in Fluent Bit.
func appendShares(b []byte, keys [3]string, last, next ticks, cores int) []byte {
	for i, key := range keys {
		// The kernel's counters may go back a little. Fluent Bit takes the absolute difference.
		passed := max(last[i], next[i]) - min(last[i], next[i])
		b = msgp.AppendFloat64(msgp.AppendString(b, key), float64(passed)/float64(cores))
	}
	return b
}

// measure reads the line of the machine and those of its cores.
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
		var name string
		var user, nice, system uint64
		if _, err := fmt.Sscan(line, &name, &user, &nice, &system); err != nil {
			return nil, fmt.Errorf("%s: %q: %w", c.stat, line, err)
		}
		all = append(all, ticks{user + nice + system, user + nice, system})
	}
	if len(all) < 2 {
		return nil, fmt.Errorf("%s has no line of a core", c.stat)
	}
	return all, nil
}
