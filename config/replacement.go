package config

import (
	"regexp"
	"strconv"
)

// replacement reads the replacement for the matches of a label's regular expression.
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

// reference matches a $ with the name of a group, as in Expand of package regexp.
var reference = regexp.MustCompile(`\$(?:\$|\{(\w+)\}|(\w+)|)`)

// references checks that re has the groups that a replacement uses.
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

// groups returns the advice for an unknown group.
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
