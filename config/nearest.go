package config

import (
	"slices"
	"strconv"
	"strings"
)

// nearest returns the element of known that is most similar to word, or "" if none is similar.
func nearest(word string, known []string) string {
	word = fold(word)
	best, name := 3, ""
	for _, k := range known {
		d := distance(word, fold(k))
		// At most half of a short word may differ.
		if d < best && 2*d < max(len(word), len(k)) {
			best, name = d, k
		}
	}
	return name
}

// fold removes differences in case and in separators.
func fold(s string) string {
	s = strings.ToLower(s[:min(len(s), maxWord)])
	return strings.NewReplacer("-", "", "_", "", " ", "").Replace(s)
}

// maxWord bounds the compared part of a word, in bytes.
const maxWord = 40

// distance returns the number of insertions, deletions, replacements and swaps of neighbors that make b of a.
func distance(a, b string) int {
	rows := [3][]int{make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)}
	for j := range rows[1] {
		rows[1][j] = j
	}
	for i := 1; i <= len(a); i++ {
		older, last, row := rows[0], rows[1], rows[2]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], older[j-2]+1)
			}
		}
		rows = [3][]int{last, row, older}
	}
	return rows[1][len(b)]
}

// suggest returns the advice for an unknown word.
func suggest(word string, known []string) string {
	if name := synonyms[strings.ToLower(word)]; slices.Contains(known, name) {
		return "write " + name
	}
	if name, _, ok := strings.Cut(word, ":"); ok && slices.Contains(known, name) {
		return "write a space after " + name + ":"
	}
	if name := nearest(word, known); name != "" {
		return "did you mean " + name + "?"
	}
	return oneOf(known)
}

// maxListed is how many words an advice lists. More hide the mistake and do not fit into a line of a log.
const maxListed = 12

// oneOf returns the advice to write one of the known words.
func oneOf(known []string) string {
	switch {
	case len(known) == 1:
		return "write " + known[0]
	case len(known) > maxListed:
		return "see docs/configuration.md, which describes all " + strconv.Itoa(len(known))
	}
	return "write one of " + listed(known)
}

// listed joins words to a list of which one applies.
func listed(words []string) string {
	last := len(words) - 1
	if last == 0 {
		return words[0]
	}
	return strings.Join(words[:last], ", ") + " or " + words[last]
}
