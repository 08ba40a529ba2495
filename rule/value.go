package rule

import (
	"math"

	"github.com/promexporter/promexporter/config"
	"github.com/promexporter/promexporter/record"
)

// value is a compiled config.Value: it makes a number of a record.
type value struct {
	config   *config.Value
	from     *operand // nil: a constant, or the field's own value
	constant bool
	anyField bool // a string that is not a number is not a field of the rule
	// numericTexts says that only strings which are plain numbers are fields of the rule.
	numericTexts bool
	short        bool    // nothing is done but what number does
	operands     []value // of config.Operands
	format       format
	regex        *extraction // nil: the string as it is
}

// value compiles c. isField says that without an accessor, the number is that of the rule's field.
func (s spaces) value(c *config.Value, isField bool) value {
	v := value{config: c, format: newFormat(c)}
	if c.From != nil {
		from := s.operand(c.From)
		v.from = &from
	}
	v.constant = c.From == nil && (!isField || c.IsConstant)
	v.anyField = isField && v.from == nil && c.Optional
	for i := range c.Operands {
		v.operands = append(v.operands, s.value(&c.Operands[i].Value, isField))
	}
	if c.Text.Regex != nil {
		v.regex = newExtraction(c.Text.Regex, c.Text.Replacement)
	}
	v.numericTexts = v.anyField && c.Parse == config.ParseNumber && c.Map == nil && v.regex == nil &&
		c.Text.Pick == config.NoPick && c.Length == config.NoLength && v.format.short
	v.short = v.regex == nil && c.Text.Pick == config.NoPick && c.Length == config.NoLength && v.format.short &&
		len(v.operands) == 0 && !c.Invert && !c.Optional && !c.HasDefault
	return v
}

// of returns what the value is made of: the field that it names, or else that of the rule.
func (v *value) of(w *Scratch, field *record.Value) *record.Value {
	if v.from != nil {
		return v.from.value(w)
	}
	return field
}

// measure returns the number that is made of a field.
func (v *value) measure(w *Scratch, field *record.Value) (float64, Reason) {
	if v.short {
		if v.constant {
			return v.config.Constant, noReason
		}
		return readNumber(field, v.config)
	}
	return v.long(w, field)
}

// long is measure for values with more steps than those of number.
func (v *value) long(w *Scratch, field *record.Value) (float64, Reason) {
	if v.constant {
		return v.calculate(w, field, v.config.Constant)
	}
	n, r := v.read(w, field)
	return v.finish(w, field, n, r)
}

// finish returns what becomes of the number n that was read, or of none for the reason r.
func (v *value) finish(w *Scratch, field *record.Value, n float64, r Reason) (float64, Reason) {
	switch c := v.config; {
	case r == noReason:
	case !r.isAbsence() && !(r == NotANumber && v.anyField):
		return 0, r
	case c.Optional:
		return 0, nothing
	case !c.HasDefault:
		return 0, r
	default:
		n = c.Default
	}
	return v.calculate(w, field, n)
}

// calculate does the arithmetic.
func (v *value) calculate(w *Scratch, field *record.Value, n float64) (float64, Reason) {
	c := v.config
	n *= c.Scale
	for i := range v.operands {
		o := &v.operands[i]
		m, r := o.measure(w, o.of(w, field))
		switch {
		case r != noReason:
			return 0, r
		case c.Operands[i].Op == config.DivideBy && m == 0:
			return 0, DivisionByZero
		}
		n = c.Operands[i].Op.Apply(n, m)
	}
	if c.Invert {
		if n == 0 {
			return 0, DivisionByZero
		}
		n = 1 / n
	}
	return bounded(n, c)
}

// bounded refuses numbers out of the bounds of c.
func bounded(n float64, c *config.Value) (float64, Reason) {
	if c.Bounds != nil && !(n >= c.Bounds.Min && n <= c.Bounds.Max) {
		return n, OutOfRange
	}
	return n, noReason
}

// readNumber returns v as the value of a sample.
func readNumber(v *record.Value, c *config.Value) (float64, Reason) {
	n, r := convert(v, c)
	n *= c.Scale
	if r == noReason && c.Bounds != nil {
		return bounded(n, c)
	}
	return n, r
}

func convert(v *record.Value, c *config.Value) (float64, Reason) {
	switch v.Kind() {
	case record.Missing, record.Nil:
		return 0, NoValue
	case record.String, record.Binary:
		text := trim(v.Bytes())
		if c.Map != nil {
			if n, ok := c.Map[string(text)]; ok {
				return n, noReason
			}
		}
		return parseText(text, c.Parse)
	}
	n, ok := v.Float()
	if !ok {
		return 0, NotANumber
	}
	if c.Parse == config.ParsePercent {
		n /= 100
	}
	return n, noReason
}

// weigh returns the number of observations of a value. Calculated numbers are rounded: 1/0.3 means 3.
func (v *value) weigh(w *Scratch) (uint64, Reason) {
	n, r := v.measure(w, v.of(w, &missing))
	switch {
	case r == NotANumber:
		return 0, NotACount
	case r != noReason:
		return 0, r
	case v.config.IsTransformed():
		n = math.Round(n)
	}
	if !(n >= 1 && n <= math.MaxInt64) || n != math.Trunc(n) {
		return 0, NotACount
	}
	return uint64(n), noReason
}
