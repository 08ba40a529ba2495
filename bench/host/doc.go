// Command host measures what counting an access log costs inside of a real Fluent Bit.
//
// Fluent Bit reads a file of JSON lines with its tail input and gives them to out_null: alone, with this plugin beside
// it, and with the filter log_to_metrics in front and its output prometheus_exporter beside it. Both make the same
// counter with three labels and the same histogram with two. What a run costs is the processor time of the whole
// process, in user and kernel mode, from its start to its end; what is compared is by how much it is above that of
// out_null alone in the same round.
//
//	make bench-host FLUENT_BIT=/path/to/fluent-bit
//
// needs Fluent Bit 3.2 or later with these plugins, and prints a table in Markdown.
package main
