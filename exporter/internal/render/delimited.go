package render

import (
	"io"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/model"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"github.com/promexporter/promexporter/internal/exposition"
)

// A delimitedWriter writes families as length-delimited protobuf messages. It marshals one series at a time, whereas
// expfmt marshals a whole family into one buffer.
type delimitedWriter struct {
	out      io.Writer
	escaping model.EscapingScheme
	buffer   []byte
}

// metricField is the number of the field MetricFamily.metric.
const metricField = 4

// measured marshals with the sizes that measure computed.
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
	f = model.EscapeMetricFamily(f, w.escaping)
	head := &dto.MetricFamily{Name: f.Name, Help: f.Help, Type: f.Type, Unit: f.Unit}
	w.buffer = protowire.AppendVarint(w.buffer, uint64(measure(head, f.Metric)))
	if w.buffer, err = measured.MarshalAppend(w.buffer, head); err != nil {
		return err
	}
	for _, m := range f.Metric {
		w.buffer = protowire.AppendTag(w.buffer, metricField, protowire.BytesType)
		w.buffer = protowire.AppendVarint(w.buffer, uint64(measured.Size(m)))
		if w.buffer, err = measured.MarshalAppend(w.buffer, m); err != nil {
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

// measure returns the size of a family, and caches the size of each message in the message.
func measure(head *dto.MetricFamily, metrics []*dto.Metric) int {
	size := proto.Size(head)
	for _, m := range metrics {
		n := proto.Size(m)
		size += protowire.SizeTag(metricField) + protowire.SizeBytes(n)
	}
	return size
}

func (w *delimitedWriter) flush() error {
	_, err := w.out.Write(w.buffer)
	w.buffer = w.buffer[:0]
	return err
}
