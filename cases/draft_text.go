package cases

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
)

// text writes the file, with a page that is expected after the last step.
func (d *Draft) text(o *DraftOptions, page string) string {
	var b strings.Builder
	if o.File != "" {
		fmt.Fprintf(&b, "rules: %s\n", plain(o.File))
	}
	if o.Namespace != "" {
		fmt.Fprintf(&b, "namespace: %s\n", plain(o.Namespace))
	}
	if o.SeriesLimit != 0 {
		fmt.Fprintf(&b, "series_limit: %d\n", o.SeriesLimit)
	}
	b.WriteString("tests:\n- name: what the records of the sample become\n  steps:\n")
	for i := range d.steps {
		d.steps[i].write(&b)
	}
	var series []string
	for line := range strings.Lines(page) {
		if !strings.HasPrefix(line, "#") {
			series = append(series, line)
		}
	}
	if page != "" {
		b.WriteString("    compare: page\n    expect: |\n")
	}
	for _, line := range series {
		b.WriteString("      " + line)
	}
	return b.String()
}

func (s *draftStep) write(b *strings.Builder) {
	fmt.Fprintf(b, "  - tag: %s\n    records:\n", plain(s.tag))
	for _, r := range s.records {
		fmt.Fprintf(b, "    - %s\n", r)
	}
	if s.metadata != "" {
		fmt.Fprintf(b, "    metadata: %s\n", s.metadata)
	}
	var group []string
	if s.groupMetadata != "" {
		group = append(group, "metadata: "+s.groupMetadata)
	}
	if s.groupAttributes != "" {
		group = append(group, "attributes: "+s.groupAttributes)
	}
	if len(group) > 0 {
		fmt.Fprintf(b, "    group: {%s}\n", strings.Join(group, ", "))
	}
	if len(s.errors) > 0 {
		b.WriteString("    errors:\n")
	}
	for _, name := range sortedKeys(s.errors) {
		var counts []string
		for _, reason := range sortedKeys(s.errors[name]) {
			counts = append(counts, fmt.Sprintf("%s: %d", reason, s.errors[name][reason]))
		}
		fmt.Fprintf(b, "      %s: {%s}\n", plain(name), strings.Join(counts, ", "))
	}
}

// isPlain matches texts that YAML reads as such without quotes.
var isPlain = regexp.MustCompile(`^[a-z][a-z0-9]*([./_-][a-z0-9]+)+$`)

// plain writes a text, with quotes if YAML might read it as something else.
func plain(text string) string {
	if isPlain.MatchString(text) {
		return text
	}
	quoted, _ := json.Marshal(text) // a text has no error
	return string(quoted)
}
