package procfs

import (
	"cmp"
	"slices"
	"time"
)

// top reports the processes that used most CPU time, and of all others as one.
//
// The totals of the others are what they used while they were among the others. A plain sum would fall whenever one of
// them ended or got busy, and these totals are counters.
type top struct {
	n      int
	order  []int32 // positions in Round.Processes
	others others
}

// others is what the record of the others says.
type others struct {
	Total, Interval CPU
	Elapsed         time.Duration
	IO              IO
	HasIO           bool
	RSS, Virtual    uint64
	Threads         uint64
	OpenFDs         uint64
	HasOpenFDs      bool
	Details         Details // without texts
	processes       uint64
	counted         bool // whether a round has been added to the totals
}

// append appends the records of r, the busiest first.
func (t *top) append(b []byte, r *Round) []byte {
	t.sort(r.Processes)
	busy, rest := t.order, []int32(nil)
	if len(t.order) > t.n {
		busy, rest = t.order[:t.n], t.order[t.n:]
	}
	for _, i := range busy {
		b = appendProcess(b, r, &r.Processes[i])
	}
	t.others.add(r.Processes, rest)
	if t.others.processes == 0 {
		return b
	}
	return t.others.append(b, r)
}

// sort puts the busiest of the interval first. Where there is none yet, the whole life decides.
func (t *top) sort(all []Process) {
	t.order = t.order[:0]
	for i := range all {
		t.order = append(t.order, int32(i))
	}
	slices.SortFunc(t.order, func(i, j int32) int {
		p, q := &all[i], &all[j]
		return cmp.Or(cmp.Compare(q.Interval.ticks(), p.Interval.ticks()), cmp.Compare(q.Total.ticks(), p.Total.ticks()),
			cmp.Compare(p.PID, q.PID))
	})
}

// add sums up a round. The totals go on from the round before.
func (o *others) add(all []Process, rest []int32) {
	switches, faults := o.Details.Switches, o.Details.PageFaults
	switches.Interval, faults.Interval = Pair{}, Pair{}
	*o = others{Total: o.Total, IO: o.IO, HasIO: o.HasIO, counted: o.counted,
		Details: Details{Switches: switches, PageFaults: faults}}
	for _, i := range rest {
		o.addProcess(&all[i])
	}
	o.counted = true
}

func (o *others) addProcess(p *Process) {
	o.processes++
	o.RSS += p.RSS
	o.Virtual += p.Virtual
	o.Threads += uint64(p.Threads)
	if p.OpenFDs >= 0 {
		o.OpenFDs += uint64(p.OpenFDs)
		o.HasOpenFDs = true
	}
	o.HasIO = o.HasIO || p.HasIO
	if p.Details != nil {
		o.Details.add(p.Details, o.counted)
	}
	if !o.counted {
		o.Total, o.IO = o.Total.plus(p.Total), o.IO.plus(p.IO)
		return
	}
	o.Interval, o.Elapsed = o.Interval.plus(p.Interval), max(o.Elapsed, p.Elapsed)
	o.Total, o.IO = o.Total.plus(p.Interval), o.IO.plus(p.ioInterval)
}

// add sums up what can be. The totals of counters go on from the round before, if one was counted.
func (d *Details) add(other *Details, counted bool) {
	d.PSS.add(other.PSS)
	d.Swap.add(other.Swap)
	d.Switches.add(&other.Switches, counted)
	d.PageFaults.add(&other.PageFaults, counted)
}

func (s *Size) add(other Size) {
	s.Bytes += other.Bytes
	s.Known = s.Known || other.Known
}

func (c *Counter) add(other *Counter, counted bool) {
	if !other.Known {
		return
	}
	c.Known, c.Compared = true, counted
	if !counted {
		c.Total = c.Total.plus(other.Total)
		return
	}
	c.Total, c.Interval = c.Total.plus(other.Interval), c.Interval.plus(other.Interval)
}

func (o *others) append(b []byte, r *Round) []byte {
	m := beginMap(appendEvent(b, r.Time))
	m.text("name", "other")
	m.uint("processes", o.processes)
	m.cpu(o.Total, o.Interval, o.Elapsed)
	m.uint("rss_bytes", o.RSS)
	m.uint("virtual_bytes", o.Virtual)
	m.uint("threads", o.Threads)
	if o.HasOpenFDs {
		m.uint("open_fds", o.OpenFDs)
	}
	if o.HasIO {
		m.io(o.IO)
	}
	m.counts(&o.Details, r.Fields)
	return m.end()
}
