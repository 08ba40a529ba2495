// Command host measures the cost of counting an access log in a real Fluent Bit.
//
// Fluent Bit reads a file of JSON lines with its tail input and passes them to out_null: alone, with this plugin as a
// second output, and with the filter log_to_metrics and its output prometheus_exporter. Both make the same counter with
// three labels and the same histogram with two. The cost of a run is the processor time of the whole process, in user
// and kernel mode. The table compares how much it exceeds that of out_null alone in the same round.
//
//	make bench-host FLUENT_BIT=/path/to/fluent-bit
//
// needs Fluent Bit 3.2 or later with these plugins, and prints a table in Markdown.
package main
