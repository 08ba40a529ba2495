package rule

import (
	"hash/maphash"

	"github.com/zeebo/xxh3"

	"github.com/promexporter/promexporter/collector"
	"github.com/promexporter/promexporter/config"
	"github.com/promexporter/promexporter/record"
)

// key compiles the value whose text becomes a digest, or returns nil. A distinct count has no other value, so that its
// own becomes the constant 1.
func (s spaces) key(c *config.Metric, own *value) *value {
	switch {
	case c.ResetField != nil:
		k := s.value(&config.Value{From: c.ResetField, Scale: 1}, false)
		return &k
	case c.Aggregate == config.Distinct:
		k := *own
		*own = value{config: own.config, constant: true, short: true}
		return &k
	}
	return nil
}

// count returns the Count of a sample that is made of a field.
func (w *Scratch) count(in *instruction, field *record.Value) (uint64, Reason) {
	switch {
	case in.weight != nil:
		return in.weight.weigh(w)
	case in.ready != nil:
		r := in.ready.read(w)
		return w.ready.total, r
	}
	text, ok := w.keyText(in, field)
	switch {
	case ok && in.op == collector.Distinct:
		return maphash.Bytes(w.cachesOf.seed, text), noReason
	case ok: // the same after a restart, and not 0, which means that it is not known
		return max(xxh3.Hash(text), 1), noReason
	case in.key.config.Optional:
		return 0, nothing
	}
	return 0, NoValue
}

// keyText returns the text of the key, valid until the next call. ok is false if it has none or is empty.
func (w *Scratch) keyText(in *instruction, field *record.Value) (text []byte, ok bool) {
	text, ok = w.textOf(in.key.of(w, field))
	return text, ok && len(text) > 0
}
