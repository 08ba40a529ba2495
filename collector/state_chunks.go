package collector

import (
	"io"
	"slices"
)

// chunks writes chunks in as many blocks as necessary.
func (e *encoder) chunks(all []appliedChunk) {
	for block := range slices.Chunk(all, blockRows) {
		e.WriteByte(chunksBlock)
		e.varint(int64(len(block)))
		times := make([]int64, 0, blockRows)
		for i := range block {
			e.Write(block[i].digest[:])
			times = append(times, block[i].at)
		}
		putIntegers(e, times)
	}
}

// chunks reads n chunks.
func (d *decoder) chunks(n int) []appliedChunk {
	all := make([]appliedChunk, n)
	for i := range all {
		if _, err := io.ReadFull(d, all[i].digest[:]); err != nil {
			d.fail(err)
		}
	}
	for i, at := range integers[int64](d, n) {
		all[i].at = at
	}
	return all
}
