// Package bench measures the plugin beside what it is compared with, in one run. What comes out is docs/performance.md.
//
// The names of the benchmarks are those that benchstat takes apart: /by= says who does the work, all other parts say
// which work. `make bench` runs everything and prints the tables; a single group is run with
//
//	cd bench && go test -run '^$' -bench Way
//
// Nothing here has a limit of time: how fast a machine is, and how busy, is not for a test to judge.
package bench
