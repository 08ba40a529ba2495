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
	Slip                            // a running total that fell and was not reset
	RoundedAway                     // it is too small to change the sum
	NotFinite                       // NaN or infinite, itself or when added, and not a gauge
	OutOfOrder                      // older than the last sample of the series
	TooNew                          // too far ahead of the clock
	WeightLimit                     // it represents too many observations
	BatchLimit                      // the batch is full
	// These are about points of metrics events only.
	OtherSource     // another tag feeds the series
	TooOld          // of a context so old that the series would have expired
	Lagging         // much older than the newest point of its context
	Inconsistent    // the numbers of a histogram or summary contradict each other
	NegativeCounter // a counter below 0
	BadScale        // an exponential histogram that is too coarse for Prometheus, or whose buckets are out of range
	BadName         // a name that a page cannot have
	BadLabel        // a label that a page cannot have, or that the type has for itself
	ReservedName    // the name belongs to the plugin
	TooLarge        // too many labels, buckets or quantiles, too long a name, or too long labels for its buckets
	DroppedByRule   // a rule drops it
	OwnPage         // of a context with this process' own page
	// These can be about all.
	Malformed // labels or operation do not fit the family: a bug
	Panicked  // a bug in this program
	reasons
)

var reasonNames = [reasons]string{
	"kept", "series_limit", "memory_limit", "family_conflict", "name_collision", "negative_increment",
	"max_increment", "slip", "rounded_away", "not_finite",
	"out_of_order", "too_new", "weight_limit", "batch_limit",
	"other_source", "too_old", "lagging", "inconsistent", "negative_counter", "bad_scale", "bad_name", "bad_label", "reserved_name",
	"too_large", "dropped_by_rule", "own_page", "malformed", "panic",
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
	return reasonsWhere(func(r Reason) bool { return r < OtherSource || r > OwnPage })
}

// PointReasons returns every reason for which a point can be dropped.
func PointReasons() []Reason {
	return reasonsWhere(func(r Reason) bool {
		switch r {
		case NameCollision, NegativeIncrement, MaxIncrement, Slip, RoundedAway, WeightLimit, Malformed:
			return false
		}
		return true
	})
}

// AllReasons returns every reason for which a sample or a point can be dropped.
func AllReasons() []Reason { return reasonsWhere(func(Reason) bool { return true }) }

func reasonsWhere(is func(Reason) bool) (all []Reason) {
	for r := Kept + 1; r < reasons; r++ {
		if is(r) {
			all = append(all, r)
		}
	}
	return all
}
