package collector

// Reason says why a sample was dropped.
type Reason uint8

// The reasons for which the collector drops a sample.
const (
	Kept              Reason = iota // not dropped
	SeriesLimit                     // it would have made one series too many
	MemoryLimit                     // it would have made a series or family for which there is no memory
	FamilyConflict                  // another family has the name, or that of a sample
	NameCollision                   // another field already feeds this series
	NegativeIncrement               // a counter does not go down
	MaxIncrement                    // it adds more than its rule allows
	RoundedAway                     // it is too small to change the sum that it is added to
	NotFinite                       // NaN or infinite, in or by itself, in a counter, histogram or summary
	OutOfOrder                      // older than what the series has of it
	TooNew                          // its time is too far ahead of the clock
	WeightLimit                     // it stands for too many observations
	BatchLimit                      // its batch is full
	Malformed                       // labels or operation do not fit the family: a bug
	Panicked                        // a bug in this program
	reasons
)

var reasonNames = [reasons]string{
	"kept", "series_limit", "memory_limit", "family_conflict", "name_collision", "negative_increment",
	"max_increment", "rounded_away", "not_finite",
	"out_of_order", "too_new", "weight_limit", "batch_limit", "malformed", "panic",
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
