// Package rule turns events into samples.
//
// What enters are checked rules ([config.Rules]) and then, chunk by chunk, the events of a tag. What leaves are
// samples, appended to a [collector.Batch].
//
// Rules are compiled once. For every tag there is one [Plan]: the rules that match the tag, and the one selector that
// finds all their fields in a single pass over an event. In steady state a plan does not allocate.
//
// Label values and field paths borrow the chunk; a batch takes copies, and what this package keeps (a field path that
// was not seen before) it clones.
package rule
