package procfs

import (
	"strconv"
	"time"
)

// nanoseconds is RFC 3339 with all nine digits, which time.RFC3339Nano cuts off when they are zero.
const nanoseconds = "2006-01-02T15:04:05.000000000Z07:00"

// appendWide appends one record for all processes.
func appendWide(b []byte, r *Round) []byte {
	m := beginMap(appendEvent(b, r.Time))
	m.timestamp(r.Time)
	for i := range r.Processes {
		p := &r.Processes[i]
		m.jiffies(p.PID, p.Total.ticks())
	}
	return m.end()
}

func (m *fieldMap) timestamp(at time.Time) {
	var text [len(nanoseconds)]byte
	m.text("timestamp", string(at.UTC().AppendFormat(text[:0], nanoseconds)))
}

func (m *fieldMap) jiffies(pid int32, n uint64) {
	const head, tail = "pid_", "_cpu_jiffies"
	var name [len(head) + 10 + len(tail)]byte
	m.uint(string(append(strconv.AppendInt(append(name[:0], head...), int64(pid), 10), tail...)), n)
}
