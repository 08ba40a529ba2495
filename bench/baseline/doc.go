// Package baseline is what the plugin is compared with: the same work as Go programs do it that are written with the
// usual libraries.
//
// [Plugin] is an output plugin with fluent-bit-go's decoder and client_golang's vectors, [Registry] and [Set] serve
// series from client_golang's registry and from VictoriaMetrics/metrics, and [Floor] is the floor: to find the ends of
// the events takes at least this long. [Skip] does the same with msgp.Skip.
package baseline
