package rule

import (
	"regexp"
	"sync"

	"github.com/promexporter/promexporter/collector"
	"github.com/promexporter/promexporter/internal/metric"
)

// fields caches the rules for each field path, because matching regular expressions for each field of each record would
// dominate the cost.
type fields struct {
	mu     sync.RWMutex
	byPath map[string]*field
}

// field is a field path and the rules that match it, in their order.
type field struct {
	path  string
	rules []fieldRule
}

// fieldRule is a rule for one field path, with the captures of its regular expression applied.
type fieldRule struct {
	*instruction
	to target
}

// fieldOverLimit represents field paths beyond Options.FieldLimit.
var fieldOverLimit = &field{}

// resolve returns the fields of the leaves of the scratch's event, in the same order.
//
// The records of an input have the same fields in the same order, so resolve first tries the field at the same index in
// the last event. BenchmarkDefaultRules gains a tenth from this.
func (p *compiledPlan) resolve(w *Scratch) []*field {
	last := w.fields
	if w.fieldsOf != p {
		last, w.fieldsOf = nil, p
	}
	w.fields = w.fields[:0]
	fresh := false
	p.fields.mu.RLock()
	for i := range w.Event.Leaves {
		path := w.Event.Leaves[i].Path
		var f *field
		if i < len(last) && last[i].path == string(path) && last[i] != fieldOverLimit {
			f = last[i]
		} else {
			f = p.fields.byPath[string(path)]
		}
		fresh = fresh || f == nil
		w.fields = append(w.fields, f)
	}
	p.fields.mu.RUnlock()
	if fresh {
		p.addFields(w)
	}
	return w.fields
}

// addFields adds the fields that resolve did not find.
func (p *compiledPlan) addFields(w *Scratch) {
	p.fields.mu.Lock()
	defer p.fields.mu.Unlock()
	for i, f := range w.fields {
		if f != nil {
			continue
		}
		path := w.Event.Leaves[i].Path
		f = p.fields.byPath[string(path)]
		switch {
		case f != nil:
		case len(p.fields.byPath) >= p.set.options.FieldLimit:
			f = fieldOverLimit
		default:
			key := string(path)
			f = p.newField(key)
			p.fields.byPath[key] = f
		}
		w.fields[i] = f
	}
}

// sources assigns numbers, from 1, to the field paths that gauges are set from. All plans of a set share the numbers,
// because their gauges may be the same. The zero value is ready.
type sources struct {
	mu     sync.Mutex
	byPath map[string]uint32 // guarded by mu
}

func (s *sources) number(path string) uint32 {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, known := s.byPath[path]
	if !known {
		if s.byPath == nil {
			s.byPath = make(map[string]uint32)
		}
		n = uint32(len(s.byPath) + 1)
		s.byPath[path] = n
	}
	return n
}

func (p *compiledPlan) newField(path string) *field {
	source := p.set.sources.number(path)
	f := &field{path: path}
	for i := range p.perField {
		in := &p.perField[i]
		if match := in.config.Fields.FindStringSubmatch(path); match != nil {
			f.rules = append(f.rules, p.newFieldRule(in, path, source, match))
		}
	}
	return f
}

func (p *compiledPlan) newFieldRule(in *instruction, path string, source uint32, match []string) fieldRule {
	capture := func(name string) string { return captured(in.config.Fields, match, name) }
	r := fieldRule{instruction: in, to: target{
		family:   in.family,
		labels:   bind(in.to.labels, capture),
		exemplar: bindExemplar(in.to.exemplar, capture),
	}}
	if in.op == collector.Set {
		r.to.source = source
	}
	if r.to.family == nil && !in.config.Drop {
		name := expandName(in.config.Name, in.config.Type, func(variable string) string {
			switch variable {
			case "field":
				return path
			case "namespace":
				return p.set.options.prefix()
			}
			return capture(variable)
		})
		if metric.ReservedPrefix(name) != "" {
			r.to.reason = ReservedName
		} else {
			r.to.family = p.set.derivedFamily(in.rule, name)
		}
	}
	return r
}

func captured(re *regexp.Regexp, match []string, name string) string {
	if i := re.SubexpIndex(name); i >= 0 {
		return match[i]
	}
	return ""
}

// runPerField makes the samples of all leaves. Rules from index stop on do not apply.
func (p *Plan) runPerField(w *Scratch, b *collector.Batch, stop int) {
	for i := range p.perField {
		if in := &p.perField[i]; in.rounds != nil && in.index < stop {
			b.Round(p.tag, in.rounds, w.Event.Time)
		}
	}
	for i, f := range p.resolve(w) {
		leaf := &w.Event.Leaves[i]
		w.path = leaf.Path
		if f == fieldOverLimit {
			w.countSkipped(&p.perField[0], TooManyFields, &leaf.Value)
			continue
		}
		for j := range f.rules {
			r := &f.rules[j]
			if r.index >= stop {
				break
			}
			if leaf.Value.IsText() && !r.config.Value.ReadsText && !r.config.Drop {
				continue
			}
			if r.parent != nil {
				r.parent.Pick(w.Event.Parent(i), &w.parent)
			}
			if !w.applies(r.instruction) {
				continue
			}
			w.tallies[r.index].matched++
			if r.config.Drop {
				break
			}
			w.appendSamples(r.instruction, b, &leaf.Value, &r.to)
			if r.config.First {
				break
			}
		}
	}
}

// target is the destination of a sample.
type target struct {
	family   *collector.Family // nil: no sample is made, because of reason
	reason   Reason
	labels   []label
	exemplar []exemplarLabel
	source   uint32 // the field that a gauge is set from; 0: none, or another operation
}
