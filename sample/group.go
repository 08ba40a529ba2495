package sample

import "github.com/promexporter/promexporter/internal/jsonpack"

// Group is what the records of a sample have in common, as JSON objects. nil is an empty one.
type Group struct {
	Metadata, Attributes []byte
}

// groupTime marks the event that opens a group: its time has all bits of the seconds.
const groupTime = "\xd7\x00\xff\xff\xff\xff\x00\x00\x00\x00"

// marker returns the event that opens the group, or nothing without a group.
func (g *Group) marker() (b []byte, err error) {
	if g == nil {
		return nil, nil
	}
	b = append(append(b, 0x92, 0x92), groupTime...)
	for _, object := range [][]byte{g.Metadata, g.Attributes} {
		if len(object) == 0 {
			b = append(b, 0x80)
			continue
		}
		var p jsonpack.Packer
		if b, err = p.Object(b, object, nil); err != nil {
			return nil, err
		}
	}
	return b, nil
}
