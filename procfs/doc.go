// Package procfs reads the processes of a procfs and makes records of them. It is the input plugin without its exports.
//
// What enters: the keys of an [INPUT] section, a directory that is a procfs or looks like one, the time. What leaves:
// msgpack, one event for each process, or one for all. It knows nothing of Fluent Bit but the form of an event.
//
//	Input     a section: when a round is due, and the callbacks that ask for it
//	Sampler   a round: every process read once, compared with the round before
//	tree      the files below the path, by bare system calls
//	turn      which goroutine has the round, since one that reads may hang in the kernel
//
// # What the numbers are
//
// Totals are of a process's whole life and never fall, as long as its pid and its start are the same. Intervals are
// differences of totals between two rounds. A process that was born since the round before has used all its total in
// the interval; in the first round, and for a process that was out of sight before, there is no interval.
//
// A file is taken whole or not at all: what does not have the form that the kernel gives it is not a number. All files
// of a process are read below one open directory, so that they are one process's even if its pid is taken by another.
//
// # Who parses
//
// github.com/prometheus/procfs checks the path and reads the time of the boot, once a round. The files of each process
// are read and parsed here: for a thousand processes its AllProcs and Stat make 29,000 allocations, 1.4 MB, and take
// half as long again as this package does with the owner, the records and 30 allocations; and a stat file that ends
// with the name panics in it. bench_test.go measures it, bench/ what else there is.
//
// # Bounds
//
// Per process: 4096 bytes of a file, or 64 KiB where details are read, 6 to 26 system calls and 23 for a long command
// line, about half a kilobyte of memory in addition to its records and its strings. Per instance: 32 readers that hang,
// one round at a time, one buffer of records, which the host reads where it is, and a second one where rounds take
// longer than a callback waits for them.
package procfs
