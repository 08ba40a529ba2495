// Package property holds what configuration sections are made of: keys and values in the order in which they were
// written, the keys that Fluent Bit keeps for itself, and the check of a section against the keys that a plugin knows.
//
// Keys compare without regard to case. Values are text; a value that is "" counts as none, as in Fluent Bit.
package property
