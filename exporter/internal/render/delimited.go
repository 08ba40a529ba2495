package render

import (
	"io"
	"slices"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/model"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"github.com/promexporter/promexporter/internal/exposition"
)

// A delimitedWriter writes families as length-delimited protobuf messages. It marshals a few series at a time, whereas
// expfmt marshals a whole family into one buffer.
type delimitedWriter struct {
	out      io.Writer
	escaping model.EscapingScheme
	buffer   []byte
}

// seriesAtOnce is how many series are marshaled by one call, which costs as much as marshaling one of them.
const seriesAtOnce = 16

// measured marshals with the sizes that proto.Size has computed.
var measured = proto.MarshalOptions{UseCachedSize: true}

// writeDelimited writes families to out. It overwrites the memory of buffer.
func writeDelimited(out io.Writer, all []exposition.Family, escaping model.EscapingScheme, buffer []byte) error {
	w := delimitedWriter{out: out, escaping: escaping, buffer: buffer}
	for _, family := range all {
		if err := guard(family, func() error { return w.family(family.MetricFamily) }); err != nil {
			return err
		}
	}
	return w.flush()
}

func (w *delimitedWriter) family(f *dto.MetricFamily) error {
	f = escaped(f, w.escaping)
	w.buffer = protowire.AppendVarint(w.buffer, uint64(proto.Size(f))) // caches the size of each series
	if len(f.Metric) <= seriesAtOnce {
		return w.part(f)
	}
	// The encoding of a message is the concatenation of the encodings of its parts.
	if err := w.part(&dto.MetricFamily{Name: f.Name, Help: f.Help, Type: f.Type, Unit: f.Unit}); err != nil {
		return err
	}
	for series := range slices.Chunk(f.Metric, seriesAtOnce) {
		if err := w.part(&dto.MetricFamily{Metric: series}); err != nil {
			return err
		}
	}
	return nil
}

func (w *delimitedWriter) part(f *dto.MetricFamily) (err error) {
	if w.buffer, err = measured.MarshalAppend(w.buffer, f); err != nil {
		return err
	}
	if len(w.buffer) >= pieceSize/2 {
		return w.flush()
	}
	return nil
}

func (w *delimitedWriter) flush() error {
	_, err := w.out.Write(w.buffer)
	w.buffer = w.buffer[:0]
	return err
}
