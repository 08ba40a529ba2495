package procfs

import (
	"bytes"
	"math"
)

// status is what the file of that name says of a process.
type status struct {
	swap     Size // kernel threads and zombies have none
	switches Pair
	counted  bool // whether there are switches
}

// parseStatus reads the lines of a status file that are of use here. The kernel escapes a newline in a name, so no
// process can write a line of its own.
func parseStatus(b []byte) (s status) {
	var voluntary, involuntary bool
	for len(b) > 0 {
		line, rest, whole := bytes.Cut(b, []byte("\n"))
		if !whole { // the end of the number may be missing
			break
		}
		switch name, value, _ := bytes.Cut(line, []byte(":")); string(name) {
		case "VmSwap":
			s.swap.Bytes, s.swap.Known = parseKilobytes(value)
		case "voluntary_ctxt_switches":
			s.switches[0], voluntary = parseCount(value)
		case "nonvoluntary_ctxt_switches":
			s.switches[1], involuntary = parseCount(value)
		}
		b = rest
	}
	s.counted = voluntary && involuntary
	return s
}

// parseRollup reads the proportional set size of a smaps_rollup file.
func parseRollup(b []byte) (pss Size) {
	_, rest, ok := bytes.Cut(b, []byte("\nPss:"))
	value, _, whole := bytes.Cut(rest, []byte("\n"))
	if ok && whole {
		pss.Bytes, pss.Known = parseKilobytes(value)
	}
	return pss
}

// parseCount reads a number after a tab, as the lines of a status file have it.
func parseCount(b []byte) (uint64, bool) {
	b = bytes.TrimSpace(b)
	n, rest := cutUint(b)
	return n, len(b) > 0 && len(rest) == 0
}

// parseKilobytes reads a number of KiB, which the kernel calls kB, and returns bytes.
func parseKilobytes(b []byte) (uint64, bool) {
	b, ok := bytes.CutSuffix(b, []byte(" kB"))
	n, good := parseCount(b)
	return n * 1024, ok && good && n <= math.MaxUint64/1024
}
