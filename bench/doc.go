// Package bench measures the plugin and what it is compared with in one run. The results are in docs/performance.md.
//
// The names of the benchmarks have the form that benchstat parses: /by= is the subject, all other parts are the work.
// `make bench` runs everything and prints the tables. To run a single group:
//
//	cd bench && go test -run '^$' -bench Path
//
// No benchmark has a time limit, because the speed and the load of machines differ.
package bench
