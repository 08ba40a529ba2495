package procfs

import (
	"fmt"
	"math"
	"testing"
)

// statusText is a status file, with kB of swap.
func statusText(name string, swap, voluntary, involuntary uint64) string {
	return fmt.Sprintf("Name:\t%s\nUmask:\t0022\nState:\tS (sleeping)\nTgid:\t5\nUid:\t0\t0\t0\t0\nGroups:\t0 4 \nVmRSS:\t    9000 kB\n"+
		"VmSwap:\t%8d kB\nThreads:\t3\nMems_allowed_list:\t0\nvoluntary_ctxt_switches:\t%d\nnonvoluntary_ctxt_switches:\t%d\n",
		name, swap, voluntary, involuntary)
}

// rollupText is a smaps_rollup file, with kB of proportional set size.
func rollupText(pss uint64) string {
	return fmt.Sprintf("55ccb1f8d000-7ffd15fe4000 ---p 00000000 00:00 0                          [rollup]\nRss:                1752 kB\n"+
		"Pss:            %8d kB\nPss_Dirty:           112 kB\nSwapPss:               0 kB\n", pss)
}

func TestParseStatus(t *testing.T) {
	for text, want := range map[string]status{
		statusText("x", 12, 34, 56):                                      {Size{12288, true}, Pair{34, 56}, true},
		statusText(`a\nVmSwap:\t7 kB`, 0, 0, 0):                          {Size{0, true}, Pair{}, true},
		"voluntary_ctxt_switches:\t1\nnonvoluntary_ctxt_switches:\t2\n":  {switches: Pair{1, 2}, counted: true}, // a kernel thread
		"VmSwap:\t 1 kB\nvoluntary_ctxt_switches:\t3":                    {swap: Size{1024, true}},
		"VmSwap:\t 1\nvoluntary_ctxt_switches:\t3\n":                     {switches: Pair{3, 0}, swap: Size{Bytes: 1024}},
		"voluntary_ctxt_switches:\t-1\nnonvoluntary_ctxt_switches:\t2\n": {switches: Pair{0, 2}},
		"voluntary_ctxt_switches:\nnonvoluntary_ctxt_switches:\t2\n":     {switches: Pair{0, 2}},
		fmt.Sprintf("VmSwap:\t%d kB\n", uint64(math.MaxUint64/1024+1)):   {},
		"xVmSwap:\t1 kB\n": {},
		"":                 {},
		"\n\n":             {},
	} {
		got := parseStatus([]byte(text))
		if !got.swap.Known {
			got.swap = want.swap
		}
		if got != want {
			t.Errorf("%q: %+v, want %+v", text, got, want)
		}
	}
}

func TestParseRollup(t *testing.T) {
	for text, want := range map[string]Size{
		rollupText(343):          {343 * 1024, true},
		rollupText(0):            {0, true},
		"x\nPss:   5 kB":         {},
		"x\nPss:   5\n":          {},
		"x\nPss:   kB\n":         {},
		"x\nPss_Dirty:   5 kB\n": {},
		"x\nSwapPss:   5 kB\n":   {},
		"":                       {},
	} {
		if got := parseRollup([]byte(text)); got.Known != want.Known || got.Known && got != want {
			t.Errorf("%q: %+v, want %+v", text, got, want)
		}
	}
}

// FuzzParseDetails holds that no file makes the parsers panic, and that a path is one.
func FuzzParseDetails(f *testing.F) {
	f.Add([]byte(statusText("x", 1, 2, 3)))
	f.Add([]byte(rollupText(4)))
	f.Add([]byte("9:name=systemd:/\n0::/docker/3f\n"))
	f.Add([]byte("root:x:0:0:root:/root:/bin/bash\n"))
	f.Add([]byte("java\x00-cp\x00\xe6\x97\xa5\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		parseStatus(b)
		parseRollup(b)
		parsePasswd(b)
		if path, ok := parseCgroup(b); ok && path[0] != '/' {
			t.Errorf("%q has the path %q", b, path)
		}
		if id := containerID(string(b)); len(id) > 0 && len(id) < 34 {
			t.Errorf("%q has the id %q", b, id)
		}
		if n := len(b); n >= minCmdlineLength {
			if got := cutOut(append([]byte(nil), b...), (n+1)/2); len(got) > n {
				t.Errorf("%q became %q", b, got)
			}
		}
	})
}
