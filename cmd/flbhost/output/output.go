package output

import (
	"fmt"
	"io"

	"github.com/promexporter/promexporter/cmd/flbhost/property"
)

// Output takes chunks. It is safe for concurrent use if its writer is.
type Output interface {
	// Flush takes a chunk. It does not keep it.
	Flush(tag string, chunk []byte) error
}

// New makes the output of that name; ok is false when it is none of this package. Stdout prints to w.
func New(name string, l property.List, w io.Writer) (out Output, ok bool, err error) {
	switch name {
	case "stdout":
		out = stdout{w: w}
	case "null":
		out = null{}
	default:
		return nil, false, nil
	}
	if rest := l.Without(property.ReservedOutput); len(rest) > 0 {
		err = fmt.Errorf("[config] %s: unknown configuration property '%s'. The development host's has none",
			name, rest[0].Key)
	}
	return out, true, err
}

type null struct{}

func (null) Flush(string, []byte) error { return nil }

type stdout struct{ w io.Writer }

func (s stdout) Flush(tag string, chunk []byte) error {
	text, err := Text(nil, tag, chunk)
	if _, writeErr := s.w.Write(text); writeErr != nil {
		return writeErr
	}
	return err
}
