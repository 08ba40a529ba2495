package config

import (
	"regexp"
	"strconv"
)

// extraction reads a regular expression and what its match becomes, which is the first group by default.
func (r *reader) extraction(s *mappingReader) (re *regexp.Regexp, replacement string) {
	if n := s.get("regex"); n != nil {
		re, _ = r.regexp(n, s.under("regex"))
	}
	n, path := s.get("replacement"), s.under("replacement")
	switch {
	case n == nil && re != nil:
		return re, "$" + strconv.Itoa(min(re.NumSubexp(), 1))
	case n == nil:
		return nil, ""
	case !s.has("regex"):
		r.wrong(n, path, "replacement needs a regex", "add regex: '^(...)'")
	}
	if !n.scalar() {
		r.wrongKind(n, path, "a string", "write a string with $1, $2 or ${name}")
		return re, ""
	}
	if re != nil {
		r.references(n, path, re)
	}
	return re, n.text
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
