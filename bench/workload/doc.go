// Package workload makes the chunks and rules that the benchmarks run, the same ones at every run.
//
// A Load is the records, the rules in the plugin's own language, and what a program that does the same without the
// plugin must know about them. Nothing in it depends on the machine or on the time.
package workload
