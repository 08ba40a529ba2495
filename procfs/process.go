package procfs

import "time"

// Process is one process as a round found it.
type Process struct {
	PID     int32
	Parent  int32
	Name    string // valid UTF-8
	State   byte   // as in ps: R, S, D, Z, T, I...
	User    uint32 // the effective one
	Threads int32
	Start   uint64 // ticks after boot
	Virtual uint64 // bytes
	RSS     uint64 // bytes
	OpenFDs int32  // -1 where they cannot be read

	Total    CPU           // of its whole life, never less than in the round before
	Interval CPU           // since the round before
	Elapsed  time.Duration // what Interval covers; 0 where there is nothing to compare with

	HasIO      bool
	IO         IO // of its whole life, never less than in the round before
	ioInterval IO
	faults     Pair

	Details *Details // nil if nothing of it was asked for; valid until the next round
}

// CPU is time in ticks.
type CPU struct{ User, System uint64 }

func (c CPU) ticks() uint64 { return c.User + c.System }

func (c CPU) plus(d CPU) CPU { return CPU{c.User + d.User, c.System + d.System} }

// minus is what c is above d.
func (c CPU) minus(d CPU) CPU { return CPU{c.User - d.User, c.System - d.System} }

// atLeast returns c, but of each part no less than d's.
func (c CPU) atLeast(d CPU) CPU { return CPU{max(c.User, d.User), max(c.System, d.System)} }

// IO is bytes from and to storage.
type IO struct{ Read, Written uint64 }

func (i IO) plus(d IO) IO { return IO{i.Read + d.Read, i.Written + d.Written} }

func (i IO) minus(d IO) IO { return IO{i.Read - d.Read, i.Written - d.Written} }

func (i IO) atLeast(d IO) IO { return IO{max(i.Read, d.Read), max(i.Written, d.Written)} }

// seconds returns ticks as seconds.
func seconds(ticks uint64) float64 { return float64(ticks) / ticksPerSecond }
