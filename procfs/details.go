package procfs

// Details are what a process has in addition to name, times, memory, files and IO. They hold what was asked for, as far
// as it could be read.
type Details struct {
	Cmdline, Exe, User, Cgroup, ContainerID string

	PSS, Swap  Size
	Switches   Counter // voluntary and involuntary, of the main thread
	PageFaults Counter // minor and major
}

// Size is bytes, if they are known.
type Size struct {
	Bytes uint64
	Known bool
}

// Counter is two totals of a process's whole life that never fall.
type Counter struct {
	Total    Pair
	Interval Pair // since the round before that knew them
	Known    bool // by this round
	Compared bool // whether there is an Interval
	begun    bool // whether Total is of a round before, or of the birth of the process
}

// Pair is two totals.
type Pair [2]uint64

func (p Pair) plus(q Pair) Pair    { return Pair{p[0] + q[0], p[1] + q[1]} }
func (p Pair) minus(q Pair) Pair   { return Pair{p[0] - q[0], p[1] - q[1]} }
func (p Pair) atLeast(q Pair) Pair { return Pair{max(p[0], q[0]), max(p[1], q[1])} }

// set takes the totals of a round. One that went backwards stays where it was.
func (c *Counter) set(total Pair) {
	total = total.atLeast(c.Total)
	interval := Pair{}
	if c.begun {
		interval = total.minus(c.Total)
	}
	*c = Counter{Total: total, Interval: interval, Known: true, Compared: c.begun, begun: true}
}

// details are what is remembered of the Details of a process.
type details struct {
	Details
	cmdline, exe, user, cgroup, containerID verdict
}

// verdict is what a filter said of a text.
type verdict struct{ given, passes bool }

// newDetails returns those of a process that is new. born says that its totals of before are 0.
func newDetails(born bool) *details {
	d := &details{}
	d.Switches.begun, d.PageFaults.begun = born, born
	return d
}

// begin forgets what a round reads again, and keeps what the next one is compared with.
func (d *details) begin() {
	d.PSS, d.Swap = Size{}, Size{}
	d.Switches.Known, d.PageFaults.Known = false, false
}

// judge sets a text and reports whether the filter passes it. A filter is asked only about a text that is new.
func (v *verdict) judge(text *string, value string, f *Filter) bool {
	if !v.given || value != *text {
		*text, *v = value, verdict{true, f.passes(value)}
	}
	return v.passes
}
