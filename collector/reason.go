package collector

// Reason says why a sample was dropped.
type Reason uint8

// The reasons for which the collector drops a sample.
const (
	Kept              Reason = iota // not dropped
	SeriesLimit                     // it would have made one series too many
	FamilyConflict                  // another family of the same name is defined differently
	NameCollision                   // another field already feeds this series
	NegativeIncrement               // a counter does not go down
	NotFinite                       // NaN or infinite, in a counter or histogram
	Panicked                        // a bug in this program
	reasons
)

var reasonNames = [reasons]string{
	"kept", "series_limit", "family_conflict", "name_collision", "negative_increment", "not_finite", "panic",
}

// String returns the reason as it stands in the label `reason`.
func (r Reason) String() string {
	if r < reasons {
		return reasonNames[r]
	}
	return "unknown"
}

// Reasons returns every reason for which a sample can be dropped.
func Reasons() []Reason {
	all := make([]Reason, 0, reasons-1)
	for r := Kept + 1; r < reasons; r++ {
		all = append(all, r)
	}
	return all
}
