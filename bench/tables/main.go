package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

func main() {
	document := flag.String("document", "", "a file whose tables are to be replaced")
	folder := flag.String("plots", "", "the folder for the plots")
	flag.Parse()
	if err := run(*document, *folder); err != nil {
		fmt.Fprintln(os.Stderr, "tables:", err)
		os.Exit(1)
	}
}

func run(document, folder string) error {
	r, err := read(os.Stdin)
	if err != nil {
		return err
	}
	if len(r.groups) == 0 {
		return fmt.Errorf("there are no benchmarks on the standard input")
	}
	parts := map[string]string{"goals": render(func(b *strings.Builder) { writeGoals(b, r) })}
	for i := range tables {
		t := &tables[i]
		parts[t.name] += render(func(b *strings.Builder) { t.write(b, r) })
	}
	parts["Growth"] = render(func(b *strings.Builder) { writeGrowth(b, r) })
	fmt.Print(r.machine, "\n\n", parts["goals"], parts["Growth"])
	shown := map[string]bool{}
	for i := range tables {
		if name := tables[i].name; !shown[name] {
			shown[name] = true
			fmt.Print(parts[name])
		}
	}
	if document != "" {
		if err := replace(document, parts); err != nil {
			return err
		}
	}
	if folder != "" {
		if err := drawAll(folder, r); err != nil {
			return err
		}
	}
	return cliffs(r)
}

func render(write func(*strings.Builder)) string {
	var b strings.Builder
	write(&b)
	return b.String()
}

func drawAll(folder string, r *results) error {
	for i := range plots {
		if picture := plots[i].draw(r); picture != "" {
			if err := os.WriteFile(filepath.Join(folder, plots[i].file), []byte(picture), 0o644); err != nil {
				return err
			}
		}
	}
	return nil
}

// replace puts the parts into a document, each between the line <!-- its name --> and <!-- end -->. A part without
// measurements is not changed.
func replace(document string, parts map[string]string) error {
	text, err := os.ReadFile(document)
	if err != nil {
		return err
	}
	now := string(text)
	for name, part := range parts {
		before, rest, found := strings.Cut(now, "<!-- "+name+" -->\n")
		_, after, closed := strings.Cut(rest, "<!-- end -->")
		if found && closed && part != "" {
			now = before + "<!-- " + name + " -->\n" + part + "<!-- end -->" + after
		}
	}
	return os.WriteFile(document, []byte(now), 0o644)
}
