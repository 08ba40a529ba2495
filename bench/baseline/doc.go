// Package baseline is what the plugin is compared with: Go programs that do the same work with the usual libraries.
//
// [Plugin] is an output plugin with fluent-bit-go's decoder and client_golang's vectors, [Registry] and [Set] serve
// series from client_golang's registry and from VictoriaMetrics/metrics, and [Floor] is the floor: the minimum time to
// find the ends of the events. [Skip] does the same with msgp.Skip.
package baseline
