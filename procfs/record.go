package procfs

import (
	"encoding/binary"
	"time"

	"github.com/tinylib/msgp/msgp"
)

// appendEvent appends the head of an event, [time, record], up to the record. The host takes this form in every
// version; the newer one, [[time, metadata], record], says nothing more.
func appendEvent(b []byte, at time.Time) []byte {
	b = append(msgp.AppendArrayHeader(b, 2), 0xd7, 0x00) // fixext 8 of type 0: the host's time
	b = binary.BigEndian.AppendUint32(b, uint32(at.Unix()))
	return binary.BigEndian.AppendUint32(b, uint32(at.Nanosecond()))
}

// fieldMap is a map of as many fields as are put into it.
type fieldMap struct {
	b      []byte
	header int // offset of the number of fields, 32 bits
	n      uint32
}

func beginMap(b []byte) fieldMap {
	return fieldMap{b: append(b, 0xdf, 0, 0, 0, 0), header: len(b) + 1}
}

func (m *fieldMap) end() []byte {
	binary.BigEndian.PutUint32(m.b[m.header:], m.n)
	return m.b
}

func (m *fieldMap) key(name string) {
	m.n++
	m.b = msgp.AppendString(m.b, name)
}

func (m *fieldMap) text(name, value string) {
	m.key(name)
	m.b = msgp.AppendString(m.b, value)
}

func (m *fieldMap) uint(name string, value uint64) {
	m.key(name)
	m.b = msgp.AppendUint64(m.b, value)
}

func (m *fieldMap) float(name string, value float64) {
	m.key(name)
	m.b = msgp.AppendFloat64(m.b, value)
}

// appendProcesses appends a record for each process.
func appendProcesses(b []byte, r *Round) []byte {
	for i := range r.Processes {
		b = appendProcess(b, r, &r.Processes[i])
	}
	return b
}

func appendProcess(b []byte, r *Round, p *Process) []byte {
	m := beginMap(appendEvent(b, r.Time))
	m.uint("pid", uint64(p.PID))
	m.uint("ppid", uint64(p.Parent))
	m.text("name", p.Name)
	m.text("state", string(rune(p.State)))
	m.uint("uid", uint64(p.User))
	m.cpu(p.Total, p.Interval, p.Elapsed)
	m.uint("rss_bytes", p.RSS)
	m.uint("virtual_bytes", p.Virtual)
	m.uint("threads", uint64(p.Threads))
	if p.OpenFDs >= 0 {
		m.uint("open_fds", uint64(p.OpenFDs))
	}
	m.float("start_time", r.Boot+seconds(p.Start))
	if p.HasIO {
		m.io(p.IO)
	}
	if p.Details != nil {
		m.details(p.Details, r.Fields)
	}
	return m.end()
}

func (m *fieldMap) details(d *Details, fields Fields) {
	for _, t := range [...]struct {
		field Fields
		name  string
		value string
	}{{Cmdline, "cmdline", d.Cmdline}, {Exe, "exe", d.Exe}, {User, "user", d.User}, {Cgroup, "cgroup", d.Cgroup},
		{ContainerID, "container_id", d.ContainerID}} {
		if fields.has(t.field) && t.value != "" {
			m.text(t.name, t.value)
		}
	}
	m.counts(d, fields)
}

func (m *fieldMap) counts(d *Details, fields Fields) {
	if fields.has(PSS) && d.PSS.Known {
		m.uint("pss_bytes", d.PSS.Bytes)
	}
	if fields.has(Swap) && d.Swap.Known {
		m.uint("swap_bytes", d.Swap.Bytes)
	}
	if fields.has(ContextSwitches) && d.Switches.Known {
		m.counter(&d.Switches, [...]string{"voluntary_context_switches", "involuntary_context_switches",
			"interval_voluntary_context_switches", "interval_involuntary_context_switches"})
	}
	if fields.has(PageFaults) && d.PageFaults.Known {
		m.counter(&d.PageFaults, [...]string{"minor_page_faults", "major_page_faults",
			"interval_minor_page_faults", "interval_major_page_faults"})
	}
}

func (m *fieldMap) counter(c *Counter, names [4]string) {
	m.uint(names[0], c.Total[0])
	m.uint(names[1], c.Total[1])
	if c.Compared {
		m.uint(names[2], c.Interval[0])
		m.uint(names[3], c.Interval[1])
	}
}

func (m *fieldMap) cpu(total, interval CPU, elapsed time.Duration) {
	m.uint("cpu_jiffies", total.ticks())
	m.float("cpu_user_seconds", seconds(total.User))
	m.float("cpu_system_seconds", seconds(total.System))
	if elapsed <= 0 {
		return
	}
	m.float("cpu_percent", 100*seconds(interval.ticks())/elapsed.Seconds())
	m.float("interval_cpu_user_seconds", seconds(interval.User))
	m.float("interval_cpu_system_seconds", seconds(interval.System))
}

func (m *fieldMap) io(total IO) {
	m.uint("read_bytes", total.Read)
	m.uint("written_bytes", total.Written)
}

// appendStats appends a record about the round itself.
func appendStats(b []byte, r *Round) []byte {
	m := beginMap(appendEvent(b, r.Time))
	m.uint("round_processes", uint64(len(r.Processes)))
	m.uint("round_vanished", uint64(r.Skipped.Vanished))
	m.uint("round_unreadable", uint64(r.Skipped.Unreadable))
	m.uint("round_garbled", uint64(r.Skipped.Garbled))
	m.uint("round_blocked", uint64(r.Skipped.Blocked))
	m.float("round_seconds", r.Took.Seconds())
	return m.end()
}
