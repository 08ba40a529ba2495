package collector

import (
	"fmt"
	"time"
)

// Digest identifies the chunk of a batch. The zero Digest stands for none.
type Digest [16]byte

// maxChunks bounds how many applied chunks a collector remembers: as many as a Fluent Bit may have in flight, see
// FLB_CONFIG_DEFAULT_TASK_MAP_SIZE_LIMIT. The others of its storage wait for these.
const maxChunks = 1 << 14

// RepeatedError reports a chunk that was applied before. Nothing of its batch was applied.
type RepeatedError struct{ At time.Time } // when it was applied

func (e *RepeatedError) Error() string {
	return fmt.Sprintf("the chunk was applied before, at %s", e.At.UTC().Format(time.RFC3339))
}

// appliedChunk is a chunk whose batch was applied.
type appliedChunk struct {
	digest Digest
	at     int64 // in nanoseconds since 1970
}

// chunks are the chunks that were applied last, and those of them that may come again.
type chunks struct {
	applied []appliedChunk // the oldest is at next once there are maxChunks
	next    int
	// repeats are the chunks that were applied before a start or reload and have not come again since; nil after until.
	repeats map[Digest]repeat
	until   int64
}

// repeat is a chunk that may come again, as often as it was applied.
type repeat struct {
	left int
	at   int64 // when it was applied last
}

// add remembers a chunk. The oldest one makes room for it.
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

// list copies the applied chunks, the oldest first.
func (c *chunks) list() []appliedChunk {
	all := make([]appliedChunk, 0, len(c.applied))
	return append(append(all, c.applied[c.next:]...), c.applied[:c.next]...)
}

// expect makes every applied chunk one that may come again.
func (c *chunks) expect(until int64) {
	c.until, c.repeats = until, make(map[Digest]repeat, len(c.applied))
	for _, a := range c.list() {
		c.repeats[a.digest] = repeat{c.repeats[a.digest].left + 1, a.at}
	}
}

// repeated reports a chunk that comes again.
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

// ExpectRepeats lets Ingest refuse, until a time in nanoseconds since 1970, the batches of chunks that were applied
// before this call, also by the collector whose state was imported. Each is refused as often as it was applied. It is
// for a start or reload, after which Fluent Bit brings again what another output has not taken.
func (c *Collector) ExpectRepeats(until int64) error {
	return c.do(func() { c.chunks.expect(until) })
}
