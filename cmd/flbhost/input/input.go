package input

import (
	"fmt"
	"time"

	"github.com/promexporter/promexporter/cmd/flbhost/property"
)

// Input is an instance of an input. It is for one goroutine. One that also is an io.Closer is to be closed.
type Input interface {
	// Interval is the time from one Collect to the next.
	Interval() time.Duration
	// Collect appends what there is to tell at now, whole events only, and returns b with them. After an error it may
	// be called again.
	Collect(now time.Time, b []byte) ([]byte, error)
}

// System is where inputs find the machine.
type System struct {
	Proc string // the mount point of procfs; "" is /proc
}

type kind struct {
	keys property.Map
	make func(property.List, System) (Input, error)
}

var kinds = map[string]kind{
	"cpu":   {cpuKeys, newCPU},
	"mem":   {memKeys, newMem},
	"dummy": {dummyKeys, newDummy},
	"tail":  {tailKeys, newTail},
}

// Known reports whether there is an input of that name.
func Known(name string) bool {
	_, ok := kinds[name]
	return ok
}

// New makes the input of that name from the properties of its section, those that Fluent Bit keeps to itself included.
func New(name string, l property.List, s System) (Input, error) {
	k, ok := kinds[name]
	if !ok {
		return nil, fmt.Errorf("[config] section '%s' tried to instance a plugin name that doesn't exist "+
			"(the development host has cpu, mem, dummy and tail)", name)
	}
	l = l.Without(property.ReservedInput)
	if err := k.keys.Check(name, l); err != nil {
		return nil, err
	}
	if s.Proc == "" {
		s.Proc = "/proc"
	}
	in, err := k.make(l, s)
	if err != nil {
		return nil, fmt.Errorf("[input:%s] %w", name, err)
	}
	return in, nil
}

var intervalKeys = property.Map{{Name: "interval_sec"}, {Name: "interval_nsec"}}

// interval reads the two keys that make an interval. Without them, or with ones that make none, it is def.
func interval(l property.List, def time.Duration) (time.Duration, error) {
	sec, err := l.Int("interval_sec", 0)
	if err != nil {
		return 0, err
	}
	nsec, err := l.Int("interval_nsec", 0)
	if err != nil {
		return 0, err
	}
	d := time.Duration(max(sec, 0))*time.Second + time.Duration(max(nsec, 0))
	if d <= 0 {
		return def, nil
	}
	return d, nil
}
