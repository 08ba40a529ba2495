package sample

import (
	"bytes"
	"encoding/binary"
	"errors"
	"regexp"
	"strconv"

	"github.com/tinylib/msgp/msgp"

	"github.com/promexporter/promexporter/internal/jsonpack"
)

// dump is the memory for lines of the outputs file and stdout.
type dump struct {
	metadata, body []byte
	found          bool // a record: what comes before is not of the output
}

var (
	// hostLog is how lines of Fluent Bit's own log start.
	hostLog = regexp.MustCompile(`^\[\d{4}/\d\d/\d\d \d\d:\d\d:\d\d`)
	// stdoutHead is the number and the tag of a line of the output stdout.
	stdoutHead = regexp.MustCompile(`^\[\d+\] (\S+): \[`)
	// fileHead is the tag and the time of a line of the output file. JSON does not match.
	fileHead = regexp.MustCompile(`^([^\s{\["]\S*): \[(\d+(?:\.\d+)?), `)
)

var errNotFile = errors.New("no line of the output file, which are tag: [time, {record}]")

// fileLine reads a line such as app.x: [1795828882.888312342, {"a":1}].
func (s *session) fileLine(line []byte, n int) error {
	at := fileHead.FindSubmatchIndex(line)
	if at == nil || !bytes.HasSuffix(line, []byte("]")) {
		if hostLog.Match(line) || !s.found {
			return nil
		}
		return errNotFile
	}
	nanos, ok := jsonpack.Time(line[at[4]:at[5]])
	if !ok {
		return errNotFile
	}
	var err error
	if s.dump.body, err = s.json.packer.Object(s.dump.body[:0], line[at[1]:len(line)-1], nil); err != nil {
		return err
	}
	s.found = true
	return s.add(string(line[at[2]:at[3]]), nanos, nil, s.dump.body, n)
}

var errStdout = errors.New("a text has quotes in it, which the output stdout does not escape; write the sample with -p format=json_lines")

// stdoutLine reads a line such as [0] app.x: [[1795828847.883960303, {}], {"a"=>1}], without the metadata before Fluent
// Bit 2.1.
func (s *session) stdoutLine(line []byte, n int) error {
	at := stdoutHead.FindSubmatchIndex(line)
	if at == nil {
		if hostLog.Match(line) || !s.found {
			return nil
		}
		return errors.New("no line of the output stdout, which are [0] tag: [[time, {metadata}], {record}]")
	}
	p := rubyParser{text: line[at[1]:]}
	metadata := p.skip("[")
	nanos, ok := p.time()
	ok = ok && p.skip(", ")
	s.dump.metadata, s.dump.body = s.dump.metadata[:0], s.dump.body[:0]
	if ok && metadata {
		s.dump.metadata, ok = p.value(s.dump.metadata, 0)
		ok = ok && p.skip("], ")
	}
	if ok = ok && bytes.HasPrefix(p.text, []byte("{")); ok {
		s.dump.body, ok = p.value(s.dump.body, 0)
	}
	if !ok || string(p.text) != "]" {
		return errStdout
	}
	s.found = true
	return s.add(string(line[at[2]:at[3]]), nanos, s.dump.metadata, s.dump.body, n)
}

// rubyParser reads values as the output stdout writes them.
type rubyParser struct{ text []byte }

func (p *rubyParser) skip(prefix string) bool {
	rest, ok := bytes.CutPrefix(p.text, []byte(prefix))
	p.text = rest
	return ok
}

// word takes what comes before the next mark.
func (p *rubyParser) word() []byte {
	n := bytes.IndexAny(p.text, ",]}=")
	if n < 0 {
		n = len(p.text)
	}
	word := p.text[:n]
	p.text = p.text[n:]
	return word
}

func (p *rubyParser) time() (int64, bool) { return jsonpack.Time(p.word()) }

const maxDumpDepth = 64

// value appends the msgpack of the next value to b.
func (p *rubyParser) value(b []byte, depth int) ([]byte, bool) {
	switch {
	case depth > maxDumpDepth:
		return b, false
	case p.skip("{"):
		return p.elements(b, 0xdf, "}", depth)
	case p.skip("["):
		return p.elements(b, 0xdd, "]", depth)
	case p.skip(`"`):
		// Nothing escapes a quote, so the text ends at the first one, and what follows has to fit.
		n := bytes.IndexByte(p.text, '"')
		if n < 0 {
			return b, false
		}
		b = msgp.AppendStringFromBytes(b, p.text[:n])
		p.text = p.text[n+1:]
		return b, true
	}
	return appendWord(b, string(p.word()))
}

// elements reads the elements of an array, or the pairs of a map, up to its end.
func (p *rubyParser) elements(b []byte, head byte, end string, depth int) ([]byte, bool) {
	at := len(b) + 1
	b = append(b, head, 0, 0, 0, 0)
	ok := true
	var n uint32
	for ok && !p.skip(end) {
		if n > 0 && !p.skip(", ") {
			return b, false
		}
		if b, ok = p.value(b, depth+1); ok && head == 0xdf {
			if ok = p.skip("=>"); ok {
				b, ok = p.value(b, depth+1)
			}
		}
		n++
	}
	binary.BigEndian.PutUint32(b[at:], n)
	return b, ok
}

func appendWord(b []byte, word string) ([]byte, bool) {
	switch word {
	case "nil":
		return msgp.AppendNil(b), true
	case "true", "false":
		return msgp.AppendBool(b, word == "true"), true
	}
	if n, err := strconv.ParseUint(word, 10, 64); err == nil {
		return msgp.AppendUint64(b, n), true
	}
	if n, err := strconv.ParseInt(word, 10, 64); err == nil {
		return msgp.AppendInt64(b, n), true
	}
	f, err := strconv.ParseFloat(word, 64)
	return msgp.AppendFloat64(b, f), err == nil
}
