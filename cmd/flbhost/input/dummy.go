package input

import (
	"fmt"
	"time"

	"github.com/tinylib/msgp/msgp"

	"github.com/promexporter/promexporter/cmd/flbhost/property"
)

var dummyKeys = append(property.Map{
	{Name: "dummy"}, {Name: "metadata"}, {Name: "rate"}, {Name: "samples"}, {Name: "copies"},
}, intervalKeys...)

// dummy tells the same record again and again.
type dummy struct {
	every    time.Duration
	metadata []byte
	record   []byte
	copies   int
	samples  int // how often to tell; 0 is without end
	told     int
}

func newDummy(l property.List, _ System) (Input, error) {
	d := &dummy{}
	var err error
	if d.record, err = template(l, "dummy", `{"message":"dummy"}`); err != nil {
		return nil, err
	}
	if d.metadata, err = template(l, "metadata", `{}`); err != nil {
		return nil, err
	}
	if d.samples, err = l.Int("samples", 0); err != nil {
		return nil, err
	}
	if d.copies, err = l.Int("copies", 1); err != nil {
		return nil, err
	}
	rate, err := l.Int("rate", 1)
	if err != nil {
		return nil, err
	}
	d.every, err = interval(l, time.Second/time.Duration(max(rate, 1)))
	return d, err
}

// template reads the JSON object at key.
func template(l property.List, key, def string) ([]byte, error) {
	text, ok := l.Get(key)
	if !ok {
		text = def
	}
	o, err := parseObject([]byte(text))
	if err != nil {
		return nil, fmt.Errorf("%s=%s: %w, as %s is", key, text, err, def)
	}
	return append(msgp.AppendMapHeader(nil, uint32(o.fields)), o.body...), nil
}

func (d *dummy) Interval() time.Duration { return d.every }

func (d *dummy) Collect(now time.Time, b []byte) ([]byte, error) {
	if d.samples > 0 && d.told >= d.samples {
		return b, nil
	}
	for range d.copies {
		b = append(appendHead(b, now, d.metadata), d.record...)
	}
	d.told++
	return b, nil
}
