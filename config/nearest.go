package config

import (
	"slices"
	"strings"
)

// nearest returns the name among known that word was probably meant to be, or "".
func nearest(word string, known []string) string {
	word = fold(word)
	best, name := 3, ""
	for _, k := range known {
		d := distance(word, fold(k))
		// A short word is near to anything: half of it may differ at most.
		if d < best && 2*d < max(len(word), len(k)) {
			best, name = d, k
		}
	}
	return name
}

// fold makes spellings equal that differ in case and in the way words are joined.
func fold(s string) string {
	s = strings.ToLower(s[:min(len(s), maxWord)])
	return strings.NewReplacer("-", "", "_", "", " ", "").Replace(s)
}

// maxWord bounds how much of a word is compared, in bytes.
const maxWord = 40

// distance returns how many letters must be put in, taken out, replaced or swapped with their neighbour to make b of a.
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

// suggest is the end of a message about an unknown word.
func suggest(word string, known []string) string {
	if name := synonyms[strings.ToLower(word)]; slices.Contains(known, name) {
		return "write " + name
	}
	if name := nearest(word, known); name != "" {
		return "did you mean " + name + "?"
	}
	return oneOf(known)
}

// oneOf lists what may be written.
func oneOf(known []string) string {
	if len(known) == 1 {
		return "write " + known[0]
	}
	last := len(known) - 1
	return "write one of " + strings.Join(known[:last], ", ") + " or " + known[last]
}
