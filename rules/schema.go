// Package rules holds the schemas by which editors check rules files, and rules files to start from.
package rules

import _ "embed"

// Schema is the JSON Schema of a rules file.
//
//go:embed schema.json
var Schema string
