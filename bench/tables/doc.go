// Command tables reads what `go test -bench` has written and prints it as tables in Markdown: a table for each group, a
// row for each piece of work, a column for each subject, and the cost relative to the plugin. If a benchmark ran
// several times, it takes the median.
//
//	go test -run '^$' -bench . | go run ./tables
//	go run ./tables -document ../docs/performance.md -plots ../docs < bench.txt
//
// It fails if a unit of work costs more than 1.5 times as much as in the smaller step before; see BenchmarkGrowth.
//
// With -document it replaces the tables of a document, which are between the lines <!-- name --> and <!-- end -->, and
// with -plots it plots the cost against the number of series and of rules.
//
// benchstat reads the same output, and is the tool for comparing two runs. This command exists because benchstat writes
// neither Markdown nor plots, and checks neither goals nor growth.
package main
