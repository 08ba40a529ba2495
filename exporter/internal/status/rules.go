package status

import (
	"cmp"
	"encoding/json"
	"io"
	"slices"
	"strings"
)

type serverJSON struct {
	*Server
	Revision  string         `json:"revision"`
	Instances []instanceJSON `json:"instances"`
}

type instanceJSON struct {
	Instance
	Families    int      `json:"families"`
	Series      int      `json:"series"`
	TopFamilies []Family `json:"top_families"`
}

// WriteRules writes s as JSON to w, in one call of Write. The document has all rules, so its length grows with them.
func WriteRules(w io.Writer, s *Server) error {
	return writeRules(w, s, Revision())
}

func writeRules(w io.Writer, s *Server, revision string) error {
	document := serverJSON{Server: s, Revision: revision, Instances: make([]instanceJSON, 0, len(s.Instances))}
	for _, i := range s.Instances {
		i.Addresses, i.Rules, i.Received = orEmpty(i.Addresses), orEmpty(i.Rules), byFamily(i.Received)
		document.Instances = append(document.Instances, instanceJSON{i, len(i.Families), i.series(), topFamilies(i.Families)})
	}
	out := json.NewEncoder(w)
	out.SetIndent("", "  ")
	return out.Encode(document)
}

// orEmpty returns list, but never nil, which JSON would show as null.
func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// byFamily returns what was received, sorted by family. It is never nil.
func byFamily(received []Received) []Received {
	sorted := orEmpty(slices.Clone(received))
	slices.SortFunc(sorted, func(a, b Received) int { return strings.Compare(a.Family, b.Family) })
	return sorted
}

// topFamilies returns the families with the most series, largest first. It is never nil.
func topFamilies(families []Family) []Family {
	top := orEmpty(slices.Clone(families))
	slices.SortStableFunc(top, func(a, b Family) int { return cmp.Compare(b.Series, a.Series) })
	return top[:min(len(top), FamiliesShown)]
}
