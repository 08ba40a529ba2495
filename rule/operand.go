package rule

import (
	"bytes"
	"strings"

	"github.com/promexporter/promexporter/config"
	"github.com/promexporter/promexporter/record"
)

// space is where to find the value of an operand.
type space uint8

const (
	eventSpace space = iota
	itemSpace
	tagSpace
)

// operand is a compiled accessor.
type operand struct {
	space space
	slot  int // index in Event.Values, in eventSpace and itemSpace
	part  int // of the tag in tagSpace, wholeTag for all of it
}

const wholeTag = -1

// scope is what operands read from: the event, the current element of `each`, and the tag.
type scope struct {
	event *record.Event
	item  *record.Event
	tag   *tag
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

// value returns the value of the operand, or Missing if the scope does not have it. It borrows the scope.
func (o operand) value(s *scope) *record.Value {
	switch o.space {
	case eventSpace:
		return &s.event.Values[o.slot]
	case itemSpace:
		return &s.item.Values[o.slot]
	}
	switch {
	case o.part == wholeTag:
		return &s.tag.whole
	case o.part < len(s.tag.parts):
		return &s.tag.parts[o.part]
	}
	return &missing
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
	event *paths
	items *paths
}

func (s spaces) operand(a *config.Accessor) operand {
	switch {
	case a.Root == config.RootItem:
		return operand{space: itemSpace, slot: s.items.slot(a)}
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
