package collector

// Reason is why a sample was dropped.
type Reason uint8

// The reasons to drop a sample.
const (
	Kept              Reason = iota // not dropped
	SeriesLimit                     // it would exceed Options.SeriesLimit, or the overflow series of its family
	MemoryLimit                     // it would exceed Options.MemoryLimit
	FamilyConflict                  // another family exposes one of its names
	NameCollision                   // another field already feeds this series
	NegativeIncrement               // a counter cannot decrease
	MaxIncrement                    // it adds more than its rule allows
	RoundedAway                     // it is too small to change the sum
	NotFinite                       // NaN or infinite, itself or when added, and not a gauge
	OutOfOrder                      // older than the last sample of the series
	TooNew                          // too far ahead of the clock
	WeightLimit                     // it stands for too many observations
	BatchLimit                      // the batch is full
	Malformed                       // labels or operation do not fit the family: a bug
	Panicked                        // a bug in this program
	reasons
)

var reasonNames = [reasons]string{
	"kept", "series_limit", "memory_limit", "family_conflict", "name_collision", "negative_increment",
	"max_increment", "rounded_away", "not_finite",
	"out_of_order", "too_new", "weight_limit", "batch_limit", "malformed", "panic",
}

// String returns the reason as the value of the label `reason`.
func (r Reason) String() string {
	if r < reasons {
		return reasonNames[r]
	}
	return "unknown"
}

// Reasons returns all reasons to drop a sample.
func Reasons() []Reason {
	all := make([]Reason, 0, reasons-1)
	for r := Kept + 1; r < reasons; r++ {
		all = append(all, r)
	}
	return all
}
