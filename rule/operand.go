package rule

import (
	"bytes"
	"encoding/binary"
	"math"
	"strings"

	"github.com/promexporter/promexporter/config"
	"github.com/promexporter/promexporter/record"
)

// space is where to find the value of an operand.
type space uint8

const (
	eventSpace space = iota
	itemSpace
	indexSpace
	tagSpace
	parentSpace
	timeSpace
	firstSpace // the first of several operands
)

// operand is a compiled accessor.
type operand struct {
	space space
	slot  int // of the selector in eventSpace, itemSpace and parentSpace, of the alternatives in firstSpace
	part  int // of the tag in tagSpace, wholeTag for all of it; of the clock in timeSpace; the level in itemSpace
}

const wholeTag = -1

// index shows the index of an element as a value.
type index struct {
	raw   [8]byte
	value record.Value
}

func (x *index) set(n int) {
	binary.BigEndian.PutUint64(x.raw[:], math.Float64bits(float64(n)))
	x.value = record.Number(x.raw[:])
}

// tag is a tag for operands, in reused memory. The zero tag is empty.
type tag struct {
	source string // the text that was split
	text   []byte
	whole  record.Value
	parts  []record.Value
}

// set splits text, unless it already did.
func (t *tag) set(text string) {
	if t.source == text && len(t.parts) > 0 {
		return
	}
	t.source = text
	t.text = append(t.text[:0], text...)
	t.whole = record.Text(t.text)
	t.parts = t.parts[:0]
	for rest, more := t.text, true; more; {
		var part []byte
		if i := bytes.IndexByte(rest, '.'); i >= 0 {
			part, rest = rest[:i], rest[i+1:]
		} else {
			part, more = rest, false
		}
		t.parts = append(t.parts, record.Text(part))
	}
}

// release drops the reference to the text.
func (t *tag) release() { t.source, t.parts = "", t.parts[:0] }

var missing record.Value

// value returns the value of the operand in w, or Missing if there is none. It is valid until w reads the next event.
// Fields of records are by far the most frequent operands, so that the compiler should inline this.
func (o *operand) value(w *Scratch) *record.Value {
	if o.space == eventSpace {
		return &w.Event.Values[o.slot]
	}
	return o.otherValue(w)
}

func (o *operand) otherValue(w *Scratch) *record.Value {
	switch o.space {
	case itemSpace:
		return &w.items[o.part].Values[o.slot]
	case indexSpace:
		return &w.index.value
	case parentSpace:
		return &w.parent.Values[o.slot]
	case timeSpace:
		return w.clock.value(o.part, w.Event.Time)
	case firstSpace:
		return w.first(w.alternatives[o.slot])
	}
	switch {
	case o.part == wholeTag:
		return &w.tag.whole
	case o.part < len(w.tag.parts):
		return &w.tag.parts[o.part]
	}
	return &missing
}

// first returns the value of the first alternative that has one, or else one that is null or missing.
func (w *Scratch) first(alternatives []operand) *record.Value {
	v := &missing
	for i := range alternatives {
		switch next := alternatives[i].value(w); {
		case next.Kind() > record.Nil:
			return next
		case next.Kind() == record.Nil:
			v = next
		}
	}
	return v
}

// paths collects the distinct fields for a selector.
type paths struct {
	list  []record.Path
	slots map[string]int
}

func newPaths() *paths { return &paths{slots: make(map[string]int)} }

// slot returns the index of the accessor's value in Event.Values.
func (p *paths) slot(a *config.Accessor) int {
	path := recordPath(a)
	key := pathKey(path)
	if slot, ok := p.slots[key]; ok {
		return slot
	}
	slot := len(p.list)
	p.slots[key] = slot
	p.list = append(p.list, path)
	return slot
}

// spaces compiles the accessors of one rule. Those of the current element of `each` go to items, all others to event.
type spaces struct {
	event   *paths
	items   []*paths // by the levels of `each`
	parents *paths
	plan    *compiledPlan
}

func (s spaces) operand(from config.Source) operand {
	if len(from) == 1 {
		return s.accessor(from[0])
	}
	alternatives := make([]operand, len(from))
	for i, a := range from {
		alternatives[i] = s.accessor(a)
	}
	s.plan.alternatives = append(s.plan.alternatives, alternatives)
	return operand{space: firstSpace, slot: len(s.plan.alternatives) - 1}
}

func (s spaces) accessor(a *config.Accessor) operand {
	switch {
	case a.Root == config.RootParent:
		return operand{space: parentSpace, slot: s.parents.slot(a)}
	case a.Root == config.RootTime:
		return operand{space: timeSpace, part: recordTime}
	case a.Root == config.RootNow:
		return operand{space: timeSpace, part: flushTime}
	case a.Root == config.RootItem:
		return operand{space: itemSpace, slot: s.items[a.Level].slot(a), part: a.Level}
	case a.Root == config.RootIndex:
		return operand{space: indexSpace}
	case a.Root != config.RootTag:
		return operand{space: eventSpace, slot: s.event.slot(a)}
	case len(a.Steps) == 0:
		return operand{space: tagSpace, part: wholeTag}
	}
	return operand{space: tagSpace, part: a.Steps[0].Index}
}

func recordPath(a *config.Accessor) record.Path {
	p := record.Path{Root: recordRoots[a.Root], Steps: make([]record.Step, len(a.Steps))}
	for i, s := range a.Steps {
		p.Steps[i] = record.Step(s)
	}
	return p
}

var recordRoots = [...]record.Root{
	config.RootBody:            record.Body,
	config.RootMetadata:        record.Metadata,
	config.RootGroupMetadata:   record.GroupMetadata,
	config.RootGroupAttributes: record.GroupBody,
	config.RootTag:             record.Body,
	config.RootItem:            record.Body,
	config.RootTime:            record.Body,
	config.RootNow:             record.Body,
	config.RootParent:          record.Body,
	config.RootIndex:           record.Body,
}

func pathKey(p record.Path) string {
	var b strings.Builder
	b.WriteByte(byte(p.Root))
	for _, s := range p.Steps {
		if s.IsIndex {
			b.WriteByte('[')
			b.WriteString(itoa(s.Index))
			continue
		}
		b.WriteByte('.')
		b.WriteString(itoa(len(s.Key)))
		b.WriteByte(':')
		b.WriteString(s.Key)
	}
	return b.String()
}
