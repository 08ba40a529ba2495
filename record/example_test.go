package record_test

import (
	"errors"
	"fmt"
	"io"

	"github.com/promexporter/promexporter/internal/chunktest"
	"github.com/promexporter/promexporter/record"
)

// A chunk is read event by event. The values are those that the selector asks for.
func ExampleReader() {
	chunk := chunktest.Events(`{"method":"GET","status":200}
		{"method":"PUT","status":404}`)
	selector := record.NewSelector([]record.Path{
		{Root: record.Body, Steps: []record.Step{{Key: "method"}}},
		{Root: record.Body, Steps: []record.Step{{Key: "status"}}},
	}, 0)
	var reader record.Reader
	var event record.Event
	reader.Reset(chunk, selector)
	for {
		err := reader.Next(&event)
		if errors.Is(err, io.EOF) {
			break
		}
		status, _ := event.Values[1].Float()
		fmt.Printf("%s %v\n", event.Values[0].Bytes(), status)
	}
	reader.Reset(nil, nil) // lets go of the chunk
	event.Release()
	// Output:
	// GET 200
	// PUT 404
}
