package main

import (
	"fmt"
	"io"
	"slices"
	"time"
)

// table writes the median processor time of each kind, and how much each adds to out_null: the median of the
// differences within a round.
func table(w io.Writer, lines int, used [kinds][]time.Duration) error {
	var added [kinds]time.Duration
	for k := range kinds {
		added[k] = median(differences(used[k], used[nothing]))
	}
	out := fmt.Sprintf("%d lines, %d rounds\n\n", lines, len(used[nothing])) +
		"| What runs | Processor time | from, to | Added to out_null | per record | of what log_to_metrics adds |\n" +
		"|---|---:|---:|---:|---:|---:|\n"
	for k := range kinds {
		out += fmt.Sprintf("| %s | %.3f s | %.3f, %.3f s |", names[k], median(used[k]).Seconds(),
			slices.Min(used[k]).Seconds(), slices.Max(used[k]).Seconds())
		if k == nothing {
			out += " | | |\n"
			continue
		}
		out += fmt.Sprintf(" %.3f s | %.2f µs | %.2f |\n", added[k].Seconds(),
			float64(added[k].Nanoseconds())/1000/float64(lines), float64(added[k])/float64(added[logToMetrics]))
	}
	_, err := io.WriteString(w, out)
	return err
}

func differences(a, b []time.Duration) []time.Duration {
	d := make([]time.Duration, len(a))
	for i := range a {
		d[i] = a[i] - b[i]
	}
	return d
}

func median(d []time.Duration) time.Duration {
	sorted := slices.Sorted(slices.Values(d))
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}
