package collector

import (
	"fmt"
	"time"
)

// Digest identifies the chunk of a batch. The zero Digest means that there is none.
type Digest [16]byte

// maxChunks bounds the applied chunks that a collector remembers: as many as Fluent Bit may have in flight, see
// FLB_CONFIG_DEFAULT_TASK_MAP_SIZE_LIMIT. Its other chunks wait for these.
const maxChunks = 1 << 14

// RepeatedError reports a chunk that was applied before. No part of its batch was applied.
type RepeatedError struct{ At time.Time } // when it was applied

func (e *RepeatedError) Error() string {
	return fmt.Sprintf("the chunk was applied before, at %s", e.At.UTC().Format(time.RFC3339))
}

// appliedChunk is a chunk whose batch was applied.
type appliedChunk struct {
	digest Digest
	at     int64 // in nanoseconds since 1970
}

// chunks holds the chunks that were applied last, and those that Fluent Bit may deliver again.
type chunks struct {
	applied []appliedChunk // the oldest is at next once there are maxChunks
	next    int
	// repeats holds the chunks that were applied before a start or reload and were not delivered again since; nil after
	// until.
	repeats map[Digest]repeat
	until   int64
}

// repeat is a chunk that Fluent Bit may deliver again, as often as it was applied.
type repeat struct {
	left int
	at   int64 // when it was applied last
}

// add adds a chunk. If there are maxChunks, it replaces the oldest one.
func (c *chunks) add(digest Digest, now int64) {
	if digest == (Digest{}) {
		return
	}
	if len(c.applied) < maxChunks {
		c.applied = append(c.applied, appliedChunk{digest, now})
		return
	}
	c.applied[c.next] = appliedChunk{digest, now}
	c.next = (c.next + 1) % maxChunks
}

// list returns a copy of the applied chunks, oldest first.
func (c *chunks) list() []appliedChunk {
	all := make([]appliedChunk, 0, len(c.applied))
	return append(append(all, c.applied[c.next:]...), c.applied[:c.next]...)
}

// expect adds all applied chunks to repeats.
func (c *chunks) expect(until int64) {
	c.until, c.repeats = until, make(map[Digest]repeat, len(c.applied))
	for _, a := range c.list() {
		c.repeats[a.digest] = repeat{c.repeats[a.digest].left + 1, a.at}
	}
}

// repeated reports whether a chunk is delivered again.
func (c *chunks) repeated(digest Digest, now int64) error {
	if c.repeats == nil {
		return nil
	}
	if now > c.until {
		c.repeats = nil
		return nil
	}
	r := c.repeats[digest]
	if r.left == 0 {
		return nil
	}
	r.left--
	c.repeats[digest] = r
	return &RepeatedError{time.Unix(0, r.at)}
}

// ExpectRepeats makes Ingest refuse, until a time in nanoseconds since 1970, the batches of chunks that were applied
// before this call, also by the collector whose state was imported. Each is refused as often as it was applied. Call it
// after a start or reload, when Fluent Bit delivers again what another output has not taken.
func (c *Collector) ExpectRepeats(until int64) error {
	return c.do(func() { c.chunks.expect(until) })
}
