package procfs

import (
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

// rows returns the cells of the table in docs/procfs.md that has this head.
func rows(t *testing.T, head string) [][]string {
	t.Helper()
	text, err := os.ReadFile("../docs/procfs.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, ok := strings.Cut(string(text), "\n"+head+"\n")
	if !ok {
		t.Fatalf("there is no table %s", head)
	}
	var all [][]string
	for line := range strings.Lines(table) {
		if !strings.HasPrefix(line, "| ") {
			if strings.HasPrefix(line, "|--") {
				continue
			}
			break
		}
		var cells []string
		for cell := range strings.SplitSeq(strings.Trim(strings.TrimSpace(line), "|"), "|") {
			cells = append(cells, strings.Trim(cell, " `"))
		}
		all = append(all, cells)
	}
	return all
}

func TestKeysDocument(t *testing.T) {
	documented, known := map[string]string{}, map[string]string{}
	for _, row := range rows(t, "| Key | Default | Meaning |") {
		documented[row[0]] = row[1]
	}
	for _, k := range Keys() {
		known[k.Name] = k.Default
	}
	if !maps.Equal(documented, known) {
		t.Errorf("keys and defaults in the document\n%v, in the code\n%v", documented, known)
	}
}

// TestFieldsDocument holds the table of fields equal to a record that has all of them.
func TestFieldsDocument(t *testing.T) {
	record := decode(t, appendProcess(nil, &sample, &sample.Processes[0]))[0].record
	documented := map[string]string{}
	for _, row := range rows(t, "| Field | Type | Meaning |") {
		documented[row[0]] = row[1]
	}
	if got, want := slices.Sorted(maps.Keys(documented)), slices.Sorted(maps.Keys(record)); !slices.Equal(got, want) {
		t.Errorf("fields in the document\n%v, in a record\n%v", got, want)
	}
	for field, v := range record {
		kind := "integer"
		switch v.(type) {
		case string:
			kind = "string"
		case float64:
			kind = "float"
		}
		if documented[field] != kind {
			t.Errorf("%s is %s in the document, %s in a record", field, documented[field], kind)
		}
	}
}
