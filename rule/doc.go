// Package rule turns events into samples.
//
// Its input is checked rules ([config.Rules]) and, for each chunk, the events of a tag. Its output is samples, appended
// to a [collector.Batch].
//
// Rules are compiled once. Each tag has one [Plan]: the rules that match the tag, and one selector that finds all their
// fields in a single pass over an event. In steady state a plan does not allocate.
//
// Rules on metrics events are [Received]: what they make of a point, by its tag and its incoming name and labels, is a
// [ReceivedResult].
//
// Label values and field paths borrow the chunk. A batch copies what it takes, and this package copies what it keeps,
// which is field paths that are new.
package rule
