package sample_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/tinylib/msgp/msgp"

	"github.com/promexporter/promexporter/internal/chunktest"
	"github.com/promexporter/promexporter/internal/jsonpack"
	"github.com/promexporter/promexporter/sample"
)

var now = time.Unix(1700000000, 0)

// read returns the events of a sample, a line each, and what is wrong with it.
func read(t testing.TB, o sample.Options, in io.Reader) string {
	t.Helper()
	if o.Now.IsZero() {
		o.Now = now
	}
	if o.Tag == "" {
		o.Tag = "t"
	}
	r := sample.Reader{Options: o}
	var b strings.Builder
	err := r.Read(context.Background(), "in", in, func(c *sample.Chunk) error {
		i := 0
		for rest := c.Events; len(rest) > 0; i++ {
			text, next, err := jsonpack.AppendJSON(nil, rest)
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&b, "%d %s %s\n", c.Line(i), c.Tag, text)
			rest = next
		}
		return nil
	})
	for i := range r.Counts.First {
		fmt.Fprintf(&b, "%v\n", &r.Counts.First[i])
	}
	if err != nil {
		fmt.Fprintf(&b, "error: %v\n", err)
	}
	return b.String()
}

// at is a time as AppendJSON writes it.
func at(seconds, nanos uint32) string { return fmt.Sprintf(`"d700%08x%08x"`, seconds, nanos) }

func TestRead(t *testing.T) {
	const notRead = "; what follows is not read, because it is not known where the next record starts\n"
	plain := "[[" + at(1700000000, 0) + ",{}],"
	for name, test := range map[string]struct {
		options  sample.Options
		in, want string
	}{
		"lines":             {sample.Options{}, "{\"a\":1}\r\n\n{\"a\":\"x\"}", "1 t " + plain + "{\"a\":1}]\n3 t " + plain + "{\"a\":\"x\"}]\n"},
		"a byte order mark": {sample.Options{}, "\uFEFF{\"a\":1}\n", "1 t " + plain + "{\"a\":1}]\n"},
		"an array":          {sample.Options{}, "[{\"a\":1},\n {\"a\":2}]\n", "1 t " + plain + "{\"a\":1}]\n2 t " + plain + "{\"a\":2}]\n"},
		"over lines":        {sample.Options{}, "{\n\"a\":1\n}\n{\"a\":\n2}", "1 t " + plain + "{\"a\":1}]\n4 t " + plain + "{\"a\":2}]\n"},
		"date":              {sample.Options{}, `{"date":1700000001.25,"a":1}`, "1 t [[" + at(1700000001, 250000000) + ",{}],{\"a\":1}]\n"},
		"another date":      {sample.Options{}, `{"date":"yesterday","a":1}`, "1 t " + plain + "{\"date\":\"yesterday\",\"a\":1}]\n"},
		"a time key":        {sample.Options{TimeKey: "ts"}, `{"ts":"2023-11-14T22:13:21Z","a":1}`, "1 t [[" + at(1700000001, 0) + ",{}],{\"a\":1}]\n"},
		"a bad time":        {sample.Options{TimeKey: "ts"}, "{\"ts\":\"x\"}\n{}\n", "2 t " + plain + "{}]\nin:1: the time ts is \"x\"; write seconds since 1970, or a time as in RFC 3339\n"},
		"metadata":          {sample.Options{}, `{"__internal__":{"log_metadata":{"m":1}},"a":1}`, "1 t [[" + at(1700000000, 0) + ",{\"m\":1}],{\"a\":1}]\n"},
		"keys twice":        {sample.Options{}, `{"a":1,"a":2}`, "1 t " + plain + "{\"a\":1,\"a\":2}]\n"},
		"large numbers":     {sample.Options{}, `{"a":18446744073709551616,"b":-1,"c":1e3}`, "1 t " + plain + "{\"a\":18446744073709552000.0,\"b\":-1,\"c\":1000.0}]\n"},
		"bad UTF-8":         {sample.Options{}, "{\"a\":\"\xff\"}", "1 t " + plain + "{\"a\":\"\uFFFD\"}]\n"},
		"too deep":          {sample.Options{}, "{}\n{\"a\":" + strings.Repeat("[", 70) + strings.Repeat("]", 70) + "}\n", "1 t " + plain + "{}]\nin:2: nested more than 64 levels deep\n"},
		"no object":         {sample.Options{}, "{}\n[1]\n", "1 t " + plain + "{}]\nin:2: a record is an object, as {\"key\": \"value\"}\n"},
		"cut off":           {sample.Options{}, "{}\n{}\n{\"a\"", "1 t " + plain + "{}]\n2 t " + plain + "{}]\nin:3: the last line is cut off: the JSON is cut off\n"},
		"bad in an array":   {sample.Options{}, "[{\"a\":1}\n, {\"b\":2}}\n{}\n", "1 t " + plain + "{\"a\":1}]\n2 t " + plain + "{\"b\":2}]\nin:2: not JSON at column 10: invalid character '}' after array element (expecting ',' or ']')" + notRead},
		"bad over lines":    {sample.Options{}, "{\n\"a\":1\n}\n{\"b\":\n}}\n{}\n", "1 t " + plain + "{\"a\":1}]\nin:5: not JSON at column 1: invalid character '}' at start of value" + notRead},
		"a cut object":      {sample.Options{}, "{\n\"a\":1}\n{\n", "1 t " + plain + "{\"a\":1}]\nin:4: the JSON is cut off\n"},
		"a cut array":       {sample.Options{}, "[{\"a\":1},\n{\"b\":", "1 t " + plain + "{\"a\":1}]\nin:2: the JSON is cut off\n"},
		"a bad literal":     {sample.Options{}, "[{\"a\":1}, {\"b\": tru}]", "1 t " + plain + "{\"a\":1}]\nin:1: not JSON at column 20: invalid character '}' in literal true (expecting 'e')" + notRead},
		"too long":          {sample.Options{}, "{}\n{\"a\":\"" + strings.Repeat("x", sample.MaxLine) + "\"}\n{}\n", "1 t " + plain + "{}]\n3 t " + plain + "{}]\nin:2: more than 16 MiB\n"},
		"file": {sample.Options{}, "[2026/11/28 09:00:00] [ info] x\na.b: [1700000001.5, {\"a\":1}]\n",
			"2 a.b [[" + at(1700000001, 500000000) + ",{}],{\"a\":1}]\n"},
		"stdout": {sample.Options{}, "Fluent Bit v5.1.1\n[0] a.b: [[1700000001.500000000, {\"m\"=>1}], {\"a\"=>\"x\", \"b\"=>[1, nil, true, -2, 0.5], \"c\"=>{}}]\n",
			"2 a.b [[" + at(1700000001, 500000000) + ",{\"m\":1}],{\"a\":\"x\",\"b\":[1,null,true,-2,0.5],\"c\":{}}]\n"},
		"quotes in stdout": {sample.Options{}, "[0] t: [1700000000.0, {\"a\"=>\"\"}]\n[1] t: [1700000000.0, {\"a\"=>\"say \"x\"\"}]\n",
			"1 t " + plain + "{\"a\":\"\"}]\nin:2: a text has quotes in it, which the output stdout does not escape; write the sample with -p format=json_lines\n"},
		"text":                {sample.Options{Format: sample.Text}, "one\ntwo", "1 t " + plain + "{\"log\":\"one\"}]\n2 t " + plain + "{\"log\":\"two\"}]\n"},
		"no records":          {sample.Options{}, "one\ntwo\n", "error: in: these are not records; let Fluent Bit parse them and write them with -o file, or read each line as the field log with --format text\n"},
		"hardly any":          {sample.Options{Format: sample.JSON}, "one\ntwo\n{}\n", "3 t " + plain + "{}]\nin:1: not JSON at column 1: invalid character 'o' at start of value\nin:2: not JSON at column 2: invalid character 'w' in literal true (expecting 'r')\nerror: in: these are not records: 2 of 3 lines cannot be read as json; let Fluent Bit parse them and write them with -o file, or read each line as the field log with --format text\n"},
		"nothing":             {sample.Options{}, "", ""},
		"events":              {sample.Options{}, string(chunktest.Events("{\"a\":1}\n{\"a\":2}")), "1 t " + plain + "{\"a\":1}]\n2 t " + plain + "{\"a\":2}]\n"},
		"no event":            {sample.Options{Format: sample.Msgpack}, string(chunktest.Events(`{"a":1}`)) + "\x01", "1 t " + plain + "{\"a\":1}]\nin:2: not an event: a chunk has arrays of a time and a record\n"},
		"a cut event":         {sample.Options{}, string(chunktest.Events(`{"a":1}`)) + "\x92", "1 t " + plain + "{\"a\":1}]\nin:2: the last value is cut off\n"},
		"too long over lines": {sample.Options{}, "[{},\n{\"a\":\n\"" + strings.Repeat("x", sample.MaxLine) + "\"},\n{}]", "1 t " + plain + "{}]\n4 t " + plain + "{}]\nin:2: more than 16 MiB\n"},
		"far too long":        {sample.Options{}, "[{},\n{\"a\":\"" + strings.Repeat("x", 4*sample.MaxLine) + "\"},\n{}]", "1 t " + plain + "{}]\nin:1: the next record has more than 16 MiB" + notRead},
		"almost too long":     {sample.Options{}, "[{},{\"a\":[" + strings.Repeat(" ", sample.MaxLine-10) + "]},\n{}]", "1 t " + plain + "{}]\n1 t " + plain + "{\"a\":[]}]\n2 t " + plain + "{}]\n"},
		"not msgpack":         {sample.Options{}, string(chunktest.Events(`{"a":1}`)) + "\xc1", "1 t " + plain + "{\"a\":1}]\nin:2: bytes that are not msgpack, or more than 16 MiB of it: where the next event starts is not known\n"},
		"messages":            {sample.Options{}, message("a.b", chunktest.Events("{\"a\":1}\n{\"a\":2}")), "1 a.b " + plain + "{\"a\":1}]\n2 a.b " + plain + "{\"a\":2}]\n"},
		"many streams":        {sample.Options{}, "{}{}", "1 t " + plain + "{}]\n1 t " + plain + "{}]\n"},
	} {
		t.Run(name, func(t *testing.T) {
			if name == "many streams" {
				test.options.Format = sample.JSON
				test.in = "{\n}{}"
				test.want = strings.Replace(test.want, "\n1 t", "\n2 t", 1)
			}
			if got := read(t, test.options, iotest.HalfReader(strings.NewReader(test.in))); got != test.want {
				t.Errorf("got\n%.2000s\nwant\n%.2000s", got, test.want)
			}
		})
	}
}

func message(tag string, events []byte) string {
	b := msgp.AppendArrayHeader(nil, 2)
	b = msgp.AppendString(b, tag)
	return string(msgp.AppendBytes(b, events))
}

// codings are the ways in which a sample may be compressed.
var codings = map[string]func(t *testing.T, in []byte) []byte{
	"none": func(_ *testing.T, in []byte) []byte { return in },
	"gzip": func(_ *testing.T, in []byte) []byte {
		var out bytes.Buffer
		z := gzip.NewWriter(&out)
		_, _ = z.Write(in)
		_ = z.Close()
		return out.Bytes()
	},
	"zstd": func(t *testing.T, in []byte) []byte {
		z, err := zstd.NewWriter(nil)
		if err != nil {
			t.Fatal(err)
		}
		return z.EncodeAll(in, nil)
	},
}

func TestCompressed(t *testing.T) {
	text := []byte("{\"a\":1}\n")
	want := read(t, sample.Options{}, bytes.NewReader(text))
	for name, coding := range codings {
		if got := read(t, sample.Options{}, bytes.NewReader(coding(t, text))); got != want {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// TestBroken: of a source that ends early or fails at any byte, what is counted is what was passed on.
func TestBroken(t *testing.T) {
	events := slices.Concat(chunktest.Events(`{"a":1}`), chunktest.Events(`{"a":"x y"}`))
	metrics := chunktest.JSON(nil, `{"meta":{},"metrics":[{"meta":{"type":1,"opts":{"name":"g"}},"values":[{"value":1}]}]}`)
	broken := errors.New("the disk is gone")
	for format, text := range map[sample.Format][]byte{
		sample.JSON:    []byte("{\"a\":1}\n{\"a\":\n2}\n]"),
		sample.Stdout:  []byte("[0] t: [[1.0, {}], {\"a\"=>1}]\n[1] t: [[1.0, {}], {\"a\"=>\"x y\"}]\n"),
		sample.File:    []byte("a: [1.5, {}]\na: [2.5, {\"a\":1}]\n"),
		sample.Text:    []byte("one\ntwo\n"),
		sample.Msgpack: slices.Concat(events, metrics, events),
		sample.Forward: []byte(message("t", events) + message("u", events)),
	} {
		for coding, compress := range codings {
			whole := compress(t, text)
			for cut := range len(whole) + 1 {
				for name, end := range map[string]io.Reader{"cut": strings.NewReader(""), "failed": iotest.ErrReader(broken)} {
					r := sample.Reader{Options: sample.Options{Format: format, Now: now}}
					passed, err := passedOn(t, &r, io.MultiReader(bytes.NewReader(whole[:cut]), end))
					if counted := r.Counts.Records + r.Counts.Contexts; counted != passed {
						t.Errorf("%s, %s, %s after %d bytes: %d records are counted, %d were passed on", format, coding, name, cut, counted, passed)
					}
					if err != nil && !strings.HasPrefix(err.Error(), "in: ") {
						t.Errorf("%s, %s, %s after %d bytes: %v", format, coding, name, cut, err)
					}
					if name == "failed" && coding == "none" && !errors.Is(err, broken) {
						t.Errorf("%s, failed after %d bytes: %v", format, cut, err)
					}
				}
			}
		}
	}
}

// passedOn reads a source and counts the events and contexts that come out.
func passedOn(t *testing.T, r *sample.Reader, in io.Reader) (n int, err error) {
	t.Helper()
	err = r.Read(context.Background(), "in", in, func(c *sample.Chunk) error {
		for rest := c.Events; len(rest) > 0; n++ {
			next, err := msgp.Skip(rest)
			if err != nil {
				t.Fatalf("not msgpack: %x", c.Events)
			}
			rest = next
		}
		return nil
	})
	return n, err
}

// TestFluentBit reads what Fluent Bit has written, in all formats alike.
func TestFluentBit(t *testing.T) {
	files, err := filepath.Glob("testdata/*.*")
	if err != nil || len(files) < 5 {
		t.Fatal(files, err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		got := read(t, sample.Options{Tag: "app.x"}, bytes.NewReader(text))
		if n := strings.Count(got, ` app.x [["d700`); n < 2 || n != strings.Count(got, `,{}],{"a":1,"b":{"c":"x y","f":1.5,"l":[1,null,true]}}]`) || n != strings.Count(got, "\n") {
			t.Errorf("%s: %s", name, got)
		}
	}
}

func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var r sample.Reader
	err := r.Read(ctx, "in", strings.NewReader("{}"), func(*sample.Chunk) error { return nil })
	if err != nil && !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte("{\"a\":1}\n"), "auto")
	f.Add([]byte("[0] t: [[1.0, {}], {\"a\"=>1}]\n"), "stdout")
	f.Add([]byte("a: [1.5, {}]\n"), "file")
	f.Add([]byte("a: [1.5, {]]\n"), "file")
	f.Add([]byte("[{\"a\":1}}"), "json")
	f.Add([]byte("{\n\"a\" 1}"), "json")
	f.Add(chunktest.Events(`{"a":1}`), "msgpack")
	f.Add([]byte(message("t", chunktest.Events(`{"a":1}`))), "forward")
	f.Add([]byte("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff\xaaVJT\xb22\xac\xe5\x02\x04\x00\x00\xff\xff"), "auto") // cut
	f.Fuzz(func(t *testing.T, in []byte, format string) {
		r := sample.Reader{Options: sample.Options{Format: sample.Format(format), Now: now}}
		passed, _ := passedOn(t, &r, bytes.NewReader(in)) // with the markers of groups, which are not counted
		if passed < r.Counts.Records {
			t.Errorf("%d records are counted, %d were passed on", r.Counts.Records, passed)
		}
		for i := range r.Counts.First {
			if strings.Contains(r.Counts.First[i].Err.Error(), "jsontext: ") {
				t.Errorf("a message of a library: %v", &r.Counts.First[i])
			}
		}
	})
}

// TestMetrics: each context of metrics events is a chunk of its own, between those of events.
func TestMetrics(t *testing.T) {
	context := chunktest.JSON(nil, `{"meta":{},"metrics":[{"meta":{"type":1,"opts":{"name":"g"}},"values":[{"value":1}]}]}`)
	event := chunktest.Events(`{"a":1}`)
	message := msgp.AppendBytes(msgp.AppendString(msgp.AppendArrayHeader(nil, 3), "node"), context)
	message = msgp.AppendInt(msgp.AppendString(msgp.AppendMapHeader(message, 1), "fluent_signal"), 1)
	for name, test := range map[string]struct {
		in   []byte
		want string
	}{
		"contexts":   {bytes.Repeat(context, 2), "t true 1,t true 2"},
		"and events": {append(append(append([]byte(nil), context...), event...), context...), "t true 1,t false 2,t true 3"},
		"a message":  {message, "node true 1"},
		"traces":     {chunktest.JSON(nil, `{"resourceSpans":[]}`), "traces, and only logs and metrics can be read"},
		"a map":      {chunktest.JSON(nil, `{"a":1}`), "a map, which is neither an event nor a context of metrics"},
	} {
		t.Run(name, func(t *testing.T) {
			r := sample.Reader{Options: sample.Options{Tag: "t", Now: now}}
			var got []string
			_ = r.Read(t.Context(), "in", bytes.NewReader(test.in), func(c *sample.Chunk) error {
				got = append(got, fmt.Sprint(c.Tag, " ", c.Metrics, " ", c.Line(0)))
				return nil
			})
			for _, bad := range r.Counts.First {
				got = append(got, bad.Err.Error())
			}
			if text := strings.Join(got, ","); text != test.want {
				t.Errorf("got %q, want %q", text, test.want)
			}
			if n := strings.Count(test.want, "true"); r.Counts.Contexts != n {
				t.Errorf("%d contexts, want %d", r.Counts.Contexts, n)
			}
		})
	}
}
