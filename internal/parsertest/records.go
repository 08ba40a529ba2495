package parsertest

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
)

// Records returns the records that Fluent Bit makes of the lines of a log, each a JSON object: the first input reads
// them, and the parser filters apply. Times are not read, only removed as Fluent Bit removes them.
func (c Config) Records(log string) ([]string, error) {
	input := c.First("INPUT")
	if input == nil {
		return nil, fmt.Errorf("no input")
	}
	entries, err := c.entries(input, log)
	if err != nil {
		return nil, err
	}
	records := make([]string, len(entries))
	for i, entry := range entries {
		record, err := c.record(input, entry)
		if err != nil {
			return nil, err
		}
		text, err := json.Marshal(record)
		if err != nil {
			return nil, err
		}
		records[i] = string(text)
	}
	return records, nil
}

type object map[string]any

// record returns the record of an entry of a log.
func (c Config) record(input *Section, entry string) (object, error) {
	record := object{"log": entry}
	var err error
	if parser := input.Get("Parser"); parser != "" {
		if record, err = c.parse(parser, "log", record, &Section{}); err != nil {
			return nil, err
		}
	}
	for _, s := range c {
		if s.Name != "FILTER" || s.Get("Name") != "parser" {
			continue
		}
		if record, err = c.parse(s.Get("Parser"), s.Get("Key_Name"), record, s); err != nil {
			return nil, err
		}
	}
	return record, nil
}

// entries returns the lines of a log, joined as the multiline parser of the input says.
func (c Config) entries(input *Section, log string) ([]string, error) {
	lines := strings.Split(strings.TrimSuffix(log, "\n"), "\n")
	name := input.Get("Multiline.Parser")
	if name == "" {
		return lines, nil
	}
	p := c.Parser("MULTILINE_PARSER", name)
	if p == nil {
		return nil, fmt.Errorf("no multiline parser %s", name)
	}
	start := regexp.MustCompile(`^"start_state" +"/(.*)/" `).FindStringSubmatch(p.Get("Rule"))
	if start == nil {
		return nil, fmt.Errorf("multiline parser %s: no start_state in its first rule", name)
	}
	begins, err := regexp.Compile(start[1])
	if err != nil {
		return nil, err
	}
	var entries []string
	joining := false
	for _, line := range lines {
		switch {
		case begins.MatchString(line):
			joining = true
			entries = append(entries, line)
		case joining:
			entries[len(entries)-1] += "\n" + line
		default: // before the first entry
			entries = append(entries, line)
		}
	}
	return entries, nil
}

// parse applies a parser to a field of a record, with the keys of a parser filter. A record that it does not match
// stays as it is.
func (c Config) parse(parser, field string, record object, filter *Section) (object, error) {
	p := c.Parser("PARSER", parser)
	if p == nil {
		return nil, fmt.Errorf("no parser %s", parser)
	}
	text, ok := record[field].(string)
	if !ok {
		return record, nil
	}
	parsed, err := p.fields(text)
	if parsed == nil || err != nil {
		return record, err
	}
	if strings.EqualFold(filter.Get("Reserve_Data"), "on") {
		for name, value := range record {
			if _, ok := parsed[name]; !ok && (name != field || strings.EqualFold(filter.Get("Preserve_Key"), "on")) {
				parsed[name] = value
			}
		}
	}
	return parsed, nil
}

// fields returns what the parser finds in a text, or nil. Like Fluent Bit, it leaves out groups without text.
func (s *Section) fields(text string) (object, error) {
	found := object{}
	switch format := s.Get("Format"); format {
	case "json":
		if json.Unmarshal([]byte(text), &found) != nil {
			return nil, nil
		}
	case "regex":
		re, err := regexp.Compile(strings.Trim(s.Get("Regex"), "/"))
		if err != nil {
			return nil, err
		}
		m := re.FindStringSubmatch(text)
		if m == nil {
			return nil, nil
		}
		for i, name := range re.SubexpNames() {
			if name != "" && m[i] != "" {
				found[name] = m[i]
			}
		}
	default:
		return nil, fmt.Errorf("parser %s: unknown format %q", s.Get("Name"), format)
	}
	if !strings.EqualFold(s.Get("Time_Keep"), "on") {
		delete(found, s.Get("Time_Key"))
	}
	return found, nil
}
