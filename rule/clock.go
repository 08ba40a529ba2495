package rule

import (
	"encoding/binary"
	"math"

	"github.com/promexporter/promexporter/record"
)

// The parts of a clock.
const (
	recordTime = iota
	flushTime
)

// clock shows times as values, in seconds since 1970.
type clock struct {
	now  int64 // of the batch, in nanoseconds since 1970
	raw  [2][8]byte
	seen [2]record.Value
}

func (c *clock) value(part int, event int64) *record.Value {
	nanos := event
	if part == flushTime {
		nanos = c.now
	}
	seconds := float64(nanos/1e9) + float64(nanos%1e9)/1e9
	raw := c.raw[part][:]
	binary.BigEndian.PutUint64(raw, math.Float64bits(seconds))
	c.seen[part] = record.Number(raw)
	return &c.seen[part]
}
