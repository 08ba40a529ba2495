package rule

import (
	"encoding/binary"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/promexporter/promexporter/collector"
	"github.com/promexporter/promexporter/config"
	"github.com/promexporter/promexporter/internal/metric"
)

// maxRecordName bounds a name that is made of a record, and each text in it, in bytes. It is the bound of a name that a
// rule has.
const maxRecordName = 256

// recordNames caches the families of a rule by the texts that their names are made of. The zero value is ready.
type recordNames struct {
	mu      sync.RWMutex
	byTexts map[string]recordFamily // guarded by mu
}

// recordFamily is the family that a rule makes of texts, or the reason why it makes none.
type recordFamily struct {
	*collector.Family
	reason Reason
}

// spareNames is how many texts recordNames caches in addition to one for each family: those of names that are refused,
// and texts that are one name, such as A and a.
const spareNames = 1024

// namedByRecord returns the target of a sample whose family is named by the record. It is valid until the next call.
func (w *Scratch) namedByRecord(in *instruction) *target {
	w.named = in.to
	w.nameTexts = w.nameTexts[:0]
	for i := range in.name {
		text, _ := w.textOf(in.name[i].from.value(w))
		if len(text) > maxRecordName {
			w.named.reason = BadName
			return &w.named
		}
		w.nameTexts = append(binary.AppendUvarint(w.nameTexts, uint64(len(text))), text...)
	}
	f := w.cachesOf.recordFamily(in.rule, w.nameTexts)
	w.named.family, w.named.reason = f.Family, f.reason
	return &w.named
}

// isNameText reports whether a name can be made of text: it is not too long, and has a letter or digit.
func isNameText(text []byte) bool {
	if len(text) > maxRecordName {
		return false
	}
	for len(text) > 0 {
		c, n := utf8.DecodeRune(text)
		if unicode.In(c, unicode.L, unicode.Nd) {
			return true
		}
		text = text[n:]
	}
	return false
}

// cutText returns the first of some texts, each after its length, and the others.
func cutText(texts []byte) (text, rest []byte) {
	n, size := binary.Uvarint(texts)
	end := size + int(n)
	return texts[size:end], texts[end:]
}

// recordFamily returns what r makes of texts.
func (s *Set) recordFamily(r *rule, texts []byte) recordFamily {
	names := &r.recordNames
	names.mu.RLock()
	f, ok := names.byTexts[string(texts)]
	names.mu.RUnlock()
	if ok {
		return f
	}
	f = s.newRecordFamily(r, texts)
	names.mu.Lock()
	defer names.mu.Unlock()
	if names.byTexts == nil {
		names.byTexts = make(map[string]recordFamily)
	}
	for other := range names.byTexts { // in no order
		if len(names.byTexts) < r.config.FamilyLimit+spareNames {
			break
		}
		delete(names.byTexts, other)
	}
	names.byTexts[string(texts)] = f
	return f
}

func (s *Set) newRecordFamily(r *rule, texts []byte) recordFamily {
	readable := true
	name := expandName(r.config.Name, r.config.Type, func(variable string) string {
		if variable == "namespace" {
			return s.options.prefix()
		}
		var text []byte
		text, texts = cutText(texts)
		readable = readable && isNameText(text)
		return string(text)
	})
	switch {
	case !readable || len(name) > maxRecordName:
		return recordFamily{reason: BadName}
	case metric.ReservedPrefix(name) != "":
		return recordFamily{reason: ReservedName}
	}
	if f := s.derivedFamily(r, name); f != nil {
		return recordFamily{Family: f}
	}
	return recordFamily{reason: FamilyLimit}
}

// names compiles the accessors of a name.
func (s spaces) names(t config.Template) (values []value) {
	for i := range t {
		if t[i].From != nil {
			values = append(values, s.value(&config.Value{From: config.Source{t[i].From}, Scale: 1}, false))
		}
	}
	return values
}

// isOfName reports whether a reason is about a name that is made of the record.
func (r Reason) isOfName() bool { return r == BadName || r == ReservedName || r == FamilyLimit }

// nameAtFault returns the value in the name of which no name can be made, or else the first one.
func (in *instruction) nameAtFault(w *Scratch) *value {
	for i := range in.name {
		if text, _ := w.textOf(in.name[i].from.value(w)); !isNameText(text) {
			return &in.name[i]
		}
	}
	return &in.name[0]
}
