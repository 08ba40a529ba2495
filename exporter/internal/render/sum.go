package render

import (
	"bytes"
	"io"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/model"

	"github.com/promexporter/promexporter/internal/exposition"
)

// A sampleFilter removes the lines of some samples from an OpenMetrics text. It buffers at most one line.
type sampleFilter struct {
	out      io.Writer
	prefixes [][]byte // of the lines to remove
	line     []byte
}

// withoutSum returns a writer that removes the sums of f, whose names are escaped, and writes the rest to out. For a
// histogram, it removes the counts as well, because OpenMetrics allows them only together with sums; the last bucket
// has the same value.
func withoutSum(out io.Writer, f exposition.Family, escaping model.EscapingScheme) io.Writer {
	name := model.EscapeName(f.GetName(), escaping)
	filter := &sampleFilter{out: out}
	filter.leaveOut(name + "_sum")
	if f.GetType() == dto.MetricType_HISTOGRAM {
		filter.leaveOut(name + "_count")
	}
	return filter
}

// leaveOut adds a sample to remove. Its line starts with the name, or with a brace and the quoted name.
func (f *sampleFilter) leaveOut(sample string) {
	f.prefixes = append(f.prefixes, []byte(sample+" "), []byte(sample+"{"), []byte(`{"`+sample+`"`))
}

func (f *sampleFilter) Write(b []byte) (n int, err error) {
	for len(b) > 0 {
		part, rest, whole := bytes.Cut(b, []byte{'\n'})
		f.line = append(f.line, part...)
		n += len(part)
		b = rest
		if !whole {
			break
		}
		n++
		if err := f.endLine(); err != nil {
			return n, err
		}
	}
	return n, nil
}

func (f *sampleFilter) endLine() error {
	defer func() { f.line = f.line[:0] }()
	for _, prefix := range f.prefixes {
		if bytes.HasPrefix(f.line, prefix) {
			return nil
		}
	}
	f.line = append(f.line, '\n')
	_, err := f.out.Write(f.line)
	return err
}
