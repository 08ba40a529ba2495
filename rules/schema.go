// Package rules holds rules files to start from, and the schemas by which editors check rules files and their tests.
package rules

import _ "embed"

// Schema is the JSON Schema of a rules file.
//
//go:embed schema.json
var Schema string

// TestsSchema is the JSON Schema of a file of tests.
//
//go:embed tests.schema.json
var TestsSchema string
