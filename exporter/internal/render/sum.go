package render

import (
	"bytes"
	"io"
)

// A sumFilter leaves the lines of the sample NAME_sum out of an OpenMetrics text. It keeps at most one line.
type sumFilter struct {
	out      io.Writer
	prefixes [3][]byte // of the lines to leave out
	line     []byte
}

// withoutSum returns a writer that passes on to out what is not a sample of the sum of the family with this name, as it is
// written.
func withoutSum(out io.Writer, name string) io.Writer {
	sum := name + "_sum"
	return &sumFilter{out: out, prefixes: [3][]byte{[]byte(sum + " "), []byte(sum + "{"), []byte(`{"` + sum + `"`)}}
}

func (f *sumFilter) Write(b []byte) (n int, err error) {
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

func (f *sumFilter) endLine() error {
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
