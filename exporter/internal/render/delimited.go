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

func writeDelimited(out io.Writer, all []exposition.Family, escaping model.EscapingScheme) error {
	w := delimitedWriter{out: out, escaping: escaping}
	for _, family := range all {
		if err := guard(family, w.family); err != nil {
			return err
		}
	}
	return w.flush()
}

func (w *delimitedWriter) family(f *dto.MetricFamily) (err error) {
	f = escaped(f, w.escaping)
	w.buffer = protowire.AppendVarint(w.buffer, uint64(proto.Size(f))) // caches the size of each series
	// The encoding of a message is the concatenation of the encodings of its parts.
	head := &dto.MetricFamily{Name: f.Name, Help: f.Help, Type: f.Type, Unit: f.Unit}
	if w.buffer, err = measured.MarshalAppend(w.buffer, head); err != nil {
		return err
	}
	for series := range slices.Chunk(f.Metric, seriesAtOnce) {
		if w.buffer, err = measured.MarshalAppend(w.buffer, &dto.MetricFamily{Metric: series}); err != nil {
			return err
		}
		if len(w.buffer) >= pieceSize/2 {
			if err := w.flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

func (w *delimitedWriter) flush() error {
	_, err := w.out.Write(w.buffer)
	w.buffer = w.buffer[:0]
	return err
}
