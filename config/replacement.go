package config

import (
	"regexp"
	"strconv"
)

// replacement reads what a label's regular expression puts in the value's place.
func (r *reader) replacement(l *Label, s *mappingReader) {
	n := s.get("replacement")
	if n == nil {
		if l.Regex != nil {
			l.Replacement = "$" + strconv.Itoa(min(l.Regex.NumSubexp(), 1))
		}
		return
	}
	path := s.under("replacement")
	if !s.has("regex") {
		r.wrong(n, path, "replacement needs a regex", "add regex: '^(...)'")
	}
	if !n.scalar() {
		r.wrongKind(n, path, "a string", "write a string with $1, $2 or ${name}")
		return
	}
	l.Replacement = n.text
	if l.Regex != nil {
		r.references(n, path, l.Regex)
	}
}

// reference is a $ with what Go's Expand takes for the name of a group.
var reference = regexp.MustCompile(`\$(?:\$|\{(\w+)\}|(\w+)|)`)

// references checks that the groups of a replacement are groups of re.
func (r *reader) references(n *node, path string, re *regexp.Regexp) {
	for _, m := range reference.FindAllStringSubmatch(n.text, -1) {
		name := m[1] + m[2]
		if m[0] == "$$" {
			continue
		}
		if name == "" {
			r.wrong(n, path, "a $ without the name of a group", "write $1, or $$ for a dollar sign")
			continue
		}
		if i, err := strconv.Atoi(name); err == nil && i <= re.NumSubexp() || re.SubexpIndex(name) >= 0 {
			continue
		}
		r.wrong(n, path, "regex has no group "+quote(name), groups(re, name))
	}
}

// groups says which groups may be named instead of name.
func groups(re *regexp.Regexp, name string) string {
	digits := 0
	for digits < len(name) && name[digits] >= '0' && name[digits] <= '9' {
		digits++
	}
	if digits > 0 && digits < len(name) {
		return "write ${" + name[:digits] + "}" + name[digits:] + " for group " + name[:digits] + " followed by text"
	}
	if re.NumSubexp() == 0 {
		return "put a part of the regex in parentheses"
	}
	return "it has groups 1 to " + strconv.Itoa(re.NumSubexp())
}
