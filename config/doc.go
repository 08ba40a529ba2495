// Package config reads the configuration: the keys of the [OUTPUT] section and the rules file.
//
// Its input is text. Its output is a [Config] and [Rules] in which all parts were checked, or [Mistakes]: everything
// that is wrong, in the order of the text, with the place and with what would be right. No key is read and then
// ignored. The results are immutable and do not share memory with the input.
//
// The rules language is strict YAML: one document, known keys, no tags. Anchors, aliases and merge keys work. Positions
// are exact because this package reads the nodes of the library. See language.go for all keys and words.
//
// All functions are safe for concurrent use. They do not read the clock and do not open files.
package config
