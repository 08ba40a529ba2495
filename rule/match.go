package rule

import "strings"

// matchTag reports whether tag matches a wildcard pattern of Fluent Bit, in which each `*` matches any text.
func matchTag(pattern, tag string) bool {
	head, tail, wild := strings.Cut(pattern, "*")
	if !wild {
		return pattern == tag
	}
	tag, ok := strings.CutPrefix(tag, head)
	if !ok {
		return false
	}
	for {
		var part string
		part, tail, wild = strings.Cut(tail, "*")
		if !wild {
			return strings.HasSuffix(tag, part)
		}
		at := strings.Index(tag, part)
		if at < 0 {
			return false
		}
		tag = tag[at+len(part):]
	}
}
