package main

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/promexporter/promexporter/collector"
	"github.com/promexporter/promexporter/config"
	"github.com/promexporter/promexporter/internal/ansi"
	"github.com/promexporter/promexporter/rule"
)

func compareText(c *config.Condition) string {
	return strings.TrimRight(c.Field.String()+" "+c.Op.String()+" "+operandText(c), " ")
}

// operandText writes what a field is compared with.
func operandText(c *config.Condition) string {
	switch c.Op {
	case config.In, config.NotIn:
		var words []string
		for _, s := range c.List {
			words = append(words, s.Text)
		}
		return "[" + strings.Join(words, ", ") + "]"
	case config.Regex, config.NotRegex:
		return c.Regex.String()
	}
	return c.Text
}

func parseOf(m *config.Metric) string {
	if m.Value.Parse == config.ParseNumber {
		return ""
	}
	return ", parse " + m.Value.Parse.String()
}

// missingNote names the fields that there are, of which one may be meant.
func missingNote(got string, record []byte) string {
	if got != "missing" {
		return ""
	}
	fields := fieldNames(record)
	const most = 8
	switch {
	case len(fields) == 0:
		return ""
	case len(fields) > most:
		return "; the record has " + strings.Join(fields[:most], ", ") + " and others"
	}
	return "; the record has " + strings.Join(fields, ", ")
}

// fieldNames returns the keys of a record.
func fieldNames(record []byte) (names []string) {
	d := json.NewDecoder(strings.NewReader(string(record)))
	if _, err := d.Token(); err != nil {
		return nil
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return names
		}
		names = append(names, fmt.Sprint(key))
		var value json.RawMessage
		if d.Decode(&value) != nil {
			return names
		}
	}
	return names
}

// sampleText writes a sample as the page has its series, and what is done to it.
func sampleText(s rule.Made) string {
	var b strings.Builder
	b.WriteString(seriesText(s.Name, s.Labels))
	value := strconv.FormatFloat(s.Value, 'g', -1, 64)
	switch {
	case s.Op == collector.Add && s.Value >= 0:
		value = "+" + value
	case s.Op == collector.Merge || s.Op == collector.MergeTotal:
		return fmt.Sprintf("%s %s sum %s count %d", b.String(), s.Op, value, s.Count)
	case s.Op == collector.Distinct:
		value = strings.TrimSpace(s.Op.String() + " " + s.Text)
	case s.Op != collector.Add:
		value = s.Op.String() + " " + value
	}
	b.WriteString(" " + value)
	if s.Count > 1 {
		fmt.Fprintf(&b, " × %d", s.Count)
	}
	return b.String()
}

// seriesText writes a series as the page has it.
func seriesText(name string, labels []string) string {
	var b strings.Builder
	b.WriteString(ansi.Printable(name))
	for i := 0; i+1 < len(labels); i += 2 {
		if i == 0 {
			b.WriteByte('{')
		} else {
			b.WriteByte(',')
		}
		b.WriteString(ansi.Printable(labels[i]) + "=" + strconv.Quote(labels[i+1]))
	}
	if len(labels) > 0 {
		b.WriteByte('}')
	}
	return b.String()
}
