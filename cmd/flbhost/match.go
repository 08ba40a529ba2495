package main

import "strings"

// match reports whether a tag fits a pattern, in which a * stands for any text, also for none at the pattern's end. As
// in Fluent Bit, a * before other text stands for any text, too, and there are no other wildcards.
func match(pattern, tag string) bool {
	head, rest, found := strings.Cut(pattern, "*")
	if !found {
		return tag == pattern
	}
	tag, found = strings.CutPrefix(tag, head)
	if !found {
		return false
	}
	rest = strings.TrimLeft(rest, "*")
	if rest == "" {
		return true
	}
	for i := range len(tag) {
		if match(rest, tag[i:]) {
			return true
		}
	}
	return false
}
