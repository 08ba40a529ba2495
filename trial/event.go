package trial

import (
	"github.com/tinylib/msgp/msgp"

	"github.com/promexporter/promexporter/internal/jsonpack"
)

// Record returns the record as JSON.
func (e *Event) Record() ([]byte, error) {
	_, record, err := parts(e.raw)
	return record, err
}

// Metadata returns the metadata of the record as JSON, or nil if it has none.
func (e *Event) Metadata() ([]byte, error) {
	metadata, _, err := parts(e.raw)
	return metadata, err
}

// Group returns what the record has in common with others, as JSON. Both are nil outside of a group.
func (e *Event) Group() (metadata, attributes []byte, err error) {
	if len(e.one) == len(e.raw) {
		return nil, nil, nil
	}
	return parts(e.one)
}

// parts returns the metadata and the body of the first event in b, as JSON. Without metadata, that is nil.
func parts(b []byte) (metadata, body []byte, err error) {
	_, b, err = msgp.ReadArrayHeaderBytes(b)
	if err != nil {
		return nil, nil, err
	}
	head := b
	if b, err = msgp.Skip(b); err != nil {
		return nil, nil, err
	}
	if msgp.NextType(head) == msgp.ArrayType {
		_, head, _ = msgp.ReadArrayHeaderBytes(head) // Skip has read it
		head, _ = msgp.Skip(head)
		if metadata, _, err = jsonpack.AppendJSON(nil, head); err != nil {
			return nil, nil, err
		}
		if string(metadata) == "{}" {
			metadata = nil
		}
	}
	body, _, err = jsonpack.AppendJSON(nil, b)
	return metadata, body, err
}
