package finding

import (
	"encoding/json"
	"io"
	"net/url"
	"path/filepath"
	"slices"
)

// What follows is the part of SARIF 2.1.0 that a report needs.
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool       sarifTool     `json:"tool"`
		ColumnKind string        `json:"columnKind"`
		Results    []sarifResult `json:"results"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name    string      `json:"name"`
		Version string      `json:"version,omitempty"`
		Rules   []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID string `json:"id"`
	}
	sarifResult struct {
		RuleID    string          `json:"ruleId"`
		Level     Severity        `json:"level"`
		Message   sarifMessage    `json:"message"`
		Locations []sarifLocation `json:"locations"`
	}
	sarifMessage struct {
		Text string `json:"text"`
	}
	sarifLocation struct {
		Physical sarifPhysical `json:"physicalLocation"`
	}
	sarifPhysical struct {
		Artifact sarifArtifact `json:"artifactLocation"`
		Region   *sarifRegion  `json:"region,omitempty"`
	}
	sarifArtifact struct {
		URI string `json:"uri"`
	}
	sarifRegion struct {
		StartLine   int `json:"startLine"`
		StartColumn int `json:"startColumn"`
		EndColumn   int `json:"endColumn"`
	}
)

// WriteSARIF writes the report as SARIF 2.1.0. version is that of the program.
func (r *Report) WriteSARIF(w io.Writer, version string) error {
	run := sarifRun{
		Tool:       sarifTool{sarifDriver{Name: "promexporter", Version: version, Rules: []sarifRule{}}},
		ColumnKind: "unicodeCodePoints",
		Results:    []sarifResult{},
	}
	for i := range r.Files {
		f := &r.Files[i]
		for j := range f.Problems {
			p := &f.Problems[j]
			if id := (sarifRule{string(p.Code)}); !slices.Contains(run.Tool.Driver.Rules, id) {
				run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, id)
			}
			run.Results = append(run.Results, f.sarif(p))
		}
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(sarifLog{
		Schema:  "https://json.schemastore.org/sarif-2.1.0.json",
		Version: "2.1.0",
		Runs:    []sarifRun{run},
	})
}

func (f *File) sarif(p *Problem) sarifResult {
	physical := sarifPhysical{Artifact: sarifArtifact{(&url.URL{Path: filepath.ToSlash(f.Path)}).String()}}
	if p.Line > 0 {
		physical.Region = &sarifRegion{p.Line, max(p.Column, 1), max(p.EndColumn, 1)}
	}
	return sarifResult{string(p.Code), p.Severity, sarifMessage{p.Message()}, []sarifLocation{{physical}}}
}
