// Command tables reads what `go test -bench` has written and prints it as tables in Markdown: a table for each group, a
// row for each piece of work, a column for each of those who did it, and how many times as much it cost them as the
// plugin. Of a benchmark that ran several times it takes the median.
//
//	go test -run '^$' -bench . | go run ./tables
//	go run ./tables -document ../docs/performance.md -plots ../docs < bench.txt
//
// It fails where a unit of work costs more than half as much again because there are more of them; see BenchmarkGrowth.
//
// With -document it replaces the tables of a document, which stand between the lines <!-- name --> and <!-- end -->,
// and with -plots it draws the cost against the number of series and of rules.
package main
