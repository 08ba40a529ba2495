package families

import "cmp"

// A Reason is why Merge drops a family or a series. Its text is the value of a label.
type Reason string

// All reasons except Duplicate are about families.
const (
	Type      Reason = "type"
	Unit      Reason = "unit"
	Bounds    Reason = "bounds"
	Name      Reason = "name"
	Duplicate Reason = "duplicate"
)

// Reasons returns all reasons.
func Reasons() []Reason { return []Reason{Type, Unit, Bounds, Name, Duplicate} }

// Description describes the reason, for log lines.
func (r Reason) Description() string {
	switch r {
	case Type:
		return "another instance of the page has the family with another type"
	case Unit:
		return "another instance of the page has the family with another unit"
	case Bounds:
		return "another instance of the page has the family with other histogram buckets"
	case Name:
		return "another instance of the page has a family or samples with names of the family"
	}
	return "another instance of the page has the same series, and the two cannot be added"
}

// Dropped counts the families and series that a merge dropped.
type Dropped map[Reason]DroppedCount

// A DroppedCount is what was dropped for one reason.
type DroppedCount struct {
	Count  int    // of series for Duplicate, of families otherwise
	Family string // the name of the first one
}

func (d Dropped) add(r Reason, family string) {
	d[r] = DroppedCount{Count: d[r].Count + 1, Family: cmp.Or(d[r].Family, family)}
}
