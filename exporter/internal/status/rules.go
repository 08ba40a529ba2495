package status

import (
	"encoding/json"
	"io"
	"slices"
	"strings"
	"time"
)

type serverJSON struct {
	Version   string         `json:"version"`
	Revision  string         `json:"revision"`
	Started   time.Time      `json:"started"`
	Now       time.Time      `json:"now"`
	Instances []instanceJSON `json:"instances"`
}

type instanceJSON struct {
	Instance    string     `json:"instance"`
	Path        string     `json:"path"`
	Addresses   []string   `json:"addresses"`
	Version     string     `json:"version"`
	Opened      time.Time  `json:"opened"`
	Ready       bool       `json:"ready"`
	Reloading   bool       `json:"reloading,omitempty"`
	Rules       []Rule     `json:"rules"`
	Received    []Received `json:"received"`
	Families    int        `json:"families"`
	Series      int        `json:"series"`
	TopFamilies []Family   `json:"top_families"`
	LastError   Event      `json:"last_error,omitzero"`
	LastReload  Event      `json:"last_reload,omitzero"`
}

// WriteRules writes s as JSON to w, in one call of Write. The document has all rules, so its length grows with them.
func WriteRules(w io.Writer, s *Server) error {
	return writeRules(w, s, Revision())
}

func writeRules(w io.Writer, s *Server, revision string) error {
	document := serverJSON{
		Version: s.Version, Revision: revision, Started: s.Started, Now: s.Now,
		Instances: make([]instanceJSON, 0, len(s.Instances)),
	}
	for i := range s.Instances {
		document.Instances = append(document.Instances, newInstanceJSON(&s.Instances[i]))
	}
	out := json.NewEncoder(w)
	out.SetIndent("", "  ")
	return out.Encode(document)
}

func newInstanceJSON(i *Instance) instanceJSON {
	return instanceJSON{
		Instance: i.Name, Path: i.Path, Addresses: orEmpty(i.Addresses), Version: i.Version, Opened: i.Opened,
		Ready: i.Ready, Reloading: i.Reloading, Rules: orEmpty(i.Rules),
		Received: byFamily(i.Received),
		Families: len(i.Families), Series: i.series(), TopFamilies: topFamilies(i.Families),
		LastError: i.LastError, LastReload: i.LastReload,
	}
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
	top := make([]Family, 0, FamiliesShown+1)
	for _, f := range families {
		at, _ := slices.BinarySearchFunc(top, f.Series, func(larger Family, series int) int {
			if larger.Series >= series {
				return -1
			}
			return 1
		})
		top = slices.Insert(top, at, f)
		top = top[:min(len(top), FamiliesShown)]
	}
	return top
}
