package collector

import (
	"encoding/binary"
	"hash/crc32"
	"math"
)

// A state is written as a magic text, a version, and sections. A section is its
// kind, the length of what it holds, that, and a checksum: the CRC-32C of all bytes
// of the state up to there, checksums left out, so that a section is good only in
// its place. Numbers of fixed size are little-endian, others are varints; a text
// is its length and its bytes.
//
//	head     when the state was taken
//	family   a definition, and which columns its series have
//	series   some series of the family before it
//	past     some remembered series, each with the number of its family
//	end      how many families, series and remembered series there were
//
// A change of any of this needs a new version.
const (
	stateMagic   = "PROMXST\n"
	stateVersion = 1
)

const (
	headSection = iota + 1
	familySection
	seriesSection
	pastSection
	endSection
)

// blockSize is how many bytes of series make a section full.
const blockSize = 64 << 10

// maxSection bounds what a section holds. No series is as large: the labels of a
// batch are not.
const maxSection = 2 * MaxBatchBytes

// sectionHead is the size of what stands before what a section holds.
const sectionHead = 5

// crcTable is made once by hash/crc32, and shared.
func crcTable() *crc32.Table { return crc32.MakeTable(crc32.Castagnoli) }

// Which columns a family has.
const (
	totalsColumn = 1 << iota
	timesColumn
	touchedColumn
)

// before is what times of a section are told relative to.
type before struct{ created, time, touched int64 }

func appendText(b []byte, s string) []byte {
	b = binary.AppendUvarint(b, uint64(len(s)))
	return append(b, s...)
}

func appendFloat(b []byte, v float64) []byte {
	return binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
}
