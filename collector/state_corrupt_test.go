package collector_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/promexporter/promexporter/collector"
)

// importing imports bytes that may be anything into a collector of their own.
func importing(t testing.TB, state io.Reader) error {
	t.Helper()
	c := collector.New(collector.Options{SeriesLimit: 1000})
	defer c.Close()
	done, err := c.Import(state, collector.ImportOptions{
		Now: noon, Gauges: true, Families: all(everything()), Also: withoutObjectives,
	})
	if err != nil && done != (collector.Imported{}) {
		t.Errorf("%v, and restored are %+v", err, done)
	}
	if s := c.Stats(); err != nil && (s.Series() != 0 || s.Remembered() != 0) {
		t.Errorf("%v, and there are %d series, %d remembered", err, s.Series(), s.Remembered())
	}
	if err == nil {
		scrape(t, c, protoFormat)
	}
	return err
}

// withoutObjectives keeps from the fuzzer what client_golang would take for granted, and 70 KB per series for.
func withoutObjectives(f *collector.Family) *collector.Family {
	if len(f.Quantiles) > 0 {
		return nil
	}
	return f
}

// TestTruncatedState cuts a state off at every byte.
func TestTruncatedState(t *testing.T) {
	c := open(t, collector.Options{})
	state := written(t, c, fillEverything(t, c, everything()), true)
	for size := range state {
		if err := importing(t, bytes.NewReader(state[:size])); err == nil || !strings.Contains(err.Error(), "cut off") {
			t.Fatalf("%d bytes of %d: %v", size, len(state), err)
		}
	}
	if err := importing(t, bytes.NewReader(append(state, 0))); err == nil {
		t.Error("a byte too much was not noticed")
	}
}

// TestCorruptState changes every byte.
func TestCorruptState(t *testing.T) {
	c := open(t, collector.Options{})
	state := written(t, c, fillEverything(t, c, everything()), true)
	for i := range state {
		for _, flip := range []byte{1, 0x80, 0xff} {
			state[i] ^= flip
			if err := importing(t, bytes.NewReader(state)); err == nil {
				t.Fatalf("byte %d changed by %#x was not noticed", i, flip)
			}
			state[i] ^= flip
		}
	}
	if err := importing(t, bytes.NewReader(state)); err != nil {
		t.Error(err)
	}
}

// TestMovedBytes holds that bytes are good only where they were written, also when a block of them is left out or comes
// twice.
func TestMovedBytes(t *testing.T) {
	c := open(t, collector.Options{})
	state := written(t, c, fillEverything(t, c, everything()), true)
	for from := 0; from < len(state); from += 5 {
		for _, size := range []int{1, 17, 200} {
			to := min(from+size, len(state))
			left := append(bytes.Clone(state[:from]), state[to:]...)
			twice := append(bytes.Clone(state[:to]), state[from:]...)
			for _, wrong := range [][]byte{left, twice} {
				if err := importing(t, bytes.NewReader(wrong)); err == nil && !bytes.Equal(wrong, state) {
					t.Errorf("bytes %d to %d left out or written twice were not noticed", from, to)
				}
			}
		}
	}
}

func TestStateErrors(t *testing.T) {
	c := open(t, collector.Options{})
	state := written(t, c, fillEverything(t, c, everything()), true)
	version := func(v byte) []byte {
		other := bytes.Clone(state)
		other[8] = v
		return other
	}
	// claiming returns a state with a block that claims to have so many of something.
	claiming := func(kind string, n int64) []byte {
		return binary.AppendVarint(append(binary.AppendVarint(bytes.Clone(state[:12]), noon), kind...), n)
	}
	flipped := bytes.Clone(state)
	flipped[12] ^= 0x40 // in the time of the export
	for name, test := range map[string]struct {
		state io.Reader
		want  string
	}{
		"empty":      {strings.NewReader(""), "the state is cut off"},
		"foreign":    {strings.NewReader("\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00"), "this is not a state of promexporter"},
		"short":      {strings.NewReader("# x"), "this is not a state of promexporter"},
		"older":      {bytes.NewReader(version(1)), "the state is of version 1, this program reads version 3"},
		"newer":      {bytes.NewReader(version(4)), "the state is of version 4, this program reads version 3"},
		"unreadable": {io.MultiReader(bytes.NewReader(state[:500]), iotest.ErrReader(errFull)), "no space left on device"},
		"one bit":    {bytes.NewReader(flipped), "the state is corrupt: its checksum is wrong"},
		"a lie":      {bytes.NewReader(claiming("f", 1<<20)), "the state is cut off"},
		"a big lie":  {bytes.NewReader(claiming("f", 1<<62)), "the state is corrupt: it holds what no collector writes"},
		"no family":  {bytes.NewReader(claiming("s", 0)), "the state is corrupt: it holds what no collector writes"},
		"no block":   {bytes.NewReader(claiming("x", 0)), "the state is corrupt: it holds what no collector writes"},
		"no number":  {bytes.NewReader(append(bytes.Clone(state[:12]), bytes.Repeat([]byte{0xff}, 11)...)), "the state is corrupt: it holds what no collector writes"},
	} {
		t.Run(name, func(t *testing.T) {
			if err := importing(t, test.state); err == nil || err.Error() != test.want {
				t.Errorf("%v, want %s", err, test.want)
			}
		})
	}
	if err := importing(t, iotest.OneByteReader(bytes.NewReader(state))); err != nil {
		t.Errorf("byte by byte: %v", err)
	}
}

// sealed returns a state with its head and its checksum put right, which a fuzzer does not guess.
func sealed(state []byte) []byte {
	state = bytes.Clone(state)
	copy(state, "PROMXST\n\x03\x00\x00\x00")
	if end := len(state) - crc32.Size; end >= 0 {
		sum := crc32.Checksum(state[:end], crc32.MakeTable(crc32.Castagnoli))
		binary.LittleEndian.PutUint32(state[end:], sum)
	}
	return state
}

// TestUnreadableState holds that no state brings a family that Prometheus would not read.
func TestUnreadableState(t *testing.T) {
	c := open(t, collector.Options{})
	f := &collector.Family{Name: "the_name_total", Help: "The help.", Type: collector.Counter, Labels: []string{"the_label"}}
	ingest(t, c, add(f, 1, "x"))
	state := written(t, c, noon, true)
	for _, test := range []struct {
		old, new string
		good     bool
	}{
		{"the_name", "the.name", true}, {"the_name", "the\\u00z0", false}, {"the_name", "the\x00name", false}, {"the_name", "the\xffname", false},
		{"The help", "The\xffhelp", false}, {"the_label", "the\x00label", false}, {"the_label", "the\xfflabel", false},
	} {
		changed := sealed(bytes.ReplaceAll(state, []byte(test.old), []byte(test.new)))
		_, err := open(t, collector.Options{SeriesLimit: 10}).Import(bytes.NewReader(changed), collector.ImportOptions{
			Now: noon, Also: func(f *collector.Family) *collector.Family { return f },
		})
		if (err == nil) != test.good {
			t.Errorf("%q: %v", test.new, err)
		}
	}
}

// manyFamilies returns a state of n families with the least that a definition has, which takes the most memory for its
// bytes.
func manyFamilies(n int) []byte {
	state := binary.AppendVarint([]byte("PROMXST\n\x03\x00\x00\x00"), noon)
	for i := range n {
		text := fmt.Sprintf(`{"Name":"a%d"}`, i)
		state = append(binary.AppendVarint(append(state, 'f'), int64(len(text))), text...)
	}
	state = binary.AppendVarint(append(state, 'e'), int64(n))
	return sealed(append(state, make([]byte, 3+crc32.Size)...))
}

// FuzzState holds that no state makes Import panic, nor take much more memory than the state has bytes, and that what
// it restores can be shown and exported again.
func FuzzState(f *testing.F) {
	c := open(f, collector.Options{})
	now := fillEverything(f, c, everything())
	full := written(f, c, now, true)
	f.Add(full)
	f.Add(written(f, c, now, false))
	f.Add(manyFamilies(1200)) // more than the series limit
	for size := 0; size < len(full); size += 50 {
		f.Add(full[:size])
	}
	f.Fuzz(func(t *testing.T, state []byte) {
		_ = importing(t, bytes.NewReader(state))
		state = sealed(state)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		c := collector.New(collector.Options{SeriesLimit: 1000, Remembered: 100_000})
		defer c.Close()
		_, err := c.Import(bytes.NewReader(state), collector.ImportOptions{
			Now: noon, Gauges: true, Families: all(everything()),
			Also: withoutObjectives,
		})
		runtime.ReadMemStats(&after)
		if took := after.TotalAlloc - before.TotalAlloc; took > 1<<20+400*uint64(len(state)) {
			t.Errorf("%d bytes of memory for a state of %d", took, len(state))
		}
		if err != nil {
			if strings.Contains(err.Error(), "panic") {
				t.Error(err)
			}
			return
		}
		scrape(t, c, protoFormat)
		again := written(t, c, noon, true)
		if _, err := open(t, collector.Options{SeriesLimit: 1000}).Import(bytes.NewReader(again), collector.ImportOptions{
			Now: noon, Gauges: true, Also: func(f *collector.Family) *collector.Family { return f },
		}); err != nil {
			t.Errorf("what was restored and exported cannot be restored: %v", err)
		}
	})
}
