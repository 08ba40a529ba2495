// Package config reads what the user writes: the keys of the [OUTPUT] section and the rules file.
//
// What enters is text; what leaves is a [Config] and [Rules] in which every part is checked against every other, or
// [Mistakes]: all that is wrong, in the order of the text, each with its place and with what would be right. Nothing is
// read and then ignored. What comes out is immutable and owns its memory.
//
// The rules language is strict YAML: one document, keys that are known, no tags. Anchors, aliases and merge keys work.
// Positions are exact because the reader walks over the library's nodes itself; see language.go for all keys and words.
//
// All functions are safe for concurrent use, read no clock and open no file.
package config
