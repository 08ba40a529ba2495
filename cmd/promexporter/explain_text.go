package main

import (
	"bufio"
	"fmt"
	"os"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/promexporter/promexporter/collector"
	"github.com/promexporter/promexporter/config"
	"github.com/promexporter/promexporter/internal/ansi"
	"github.com/promexporter/promexporter/rule"
	"github.com/promexporter/promexporter/trial"
)

// explainWriter writes what rules made of records.
type explainWriter struct {
	out      *bufio.Writer
	color    ansi.Palette
	json     bool
	files    map[*config.Metric]string
	received map[*config.Received]string
	shown    int
	noun     string // what is shown
	yes      string
	no       string
	arrow    string
}

func newExplainWriter(a *app, f *explainFlags, rules []*config.Rules) *explainWriter {
	w := &explainWriter{
		out: bufio.NewWriter(a.out), color: a.palette(a.out), json: f.output == "json",
		files: make(map[*config.Metric]string), received: make(map[*config.Received]string), noun: "record", yes: "✓", no: "✗", arrow: "→",
	}
	if !isUTF8Locale() {
		w.yes, w.no, w.arrow = "+", "-", ">"
	}
	for _, file := range rules {
		for i := range file.Metrics {
			w.files[&file.Metrics[i]] = file.File
		}
		for i := range file.Received {
			w.received[&file.Received[i]] = file.File
		}
	}
	return w
}

// isUTF8Locale reports whether the terminal shows more than ASCII, as the environment has it.
func isUTF8Locale() bool {
	for _, key := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if value := os.Getenv(key); value != "" {
			value = strings.ToLower(value)
			return strings.Contains(value, "utf-8") || strings.Contains(value, "utf8")
		}
	}
	return true
}

func (w *explainWriter) write(e *trial.Event, all []trial.Explained) error {
	record, err := e.Record()
	if err != nil {
		return err
	}
	if w.json {
		return w.writeJSON(e, record, all)
	}
	if w.shown > 1 {
		_ = w.out.WriteByte('\n')
	}
	fmt.Fprintf(w.out, "%s  %s\n%s\n", w.color.Bold(fmt.Sprintf("%s:%d", e.Source, e.Line)), ansi.Printable(e.Tag),
		ansi.Printable(string(record)))
	name, place := 0, 0
	for i := range all {
		name = max(name, utf8.RuneCountInString(all[i].Rule.Rule))
		place = max(place, len(w.place(all[i].Rule)))
	}
	for i := range all {
		w.verdict(&all[i], name, place, record)
	}
	return nil
}

func (w *explainWriter) place(m *config.Metric) string {
	return w.files[m] + ":" + strconv.Itoa(m.Position.Line)
}

func (w *explainWriter) verdict(v *trial.Explained, name, place int, record []byte) {
	mark, text := w.outcome(v)
	fmt.Fprintf(w.out, "  %s  %s", mark, pad(w.color.Bold(v.Rule.Rule), v.Rule.Rule, name))
	if at := w.place(v.Rule); text != "" {
		fmt.Fprintf(w.out, "  %s  %s\n", pad(w.color.Faint(at), at, place), text)
	} else {
		fmt.Fprintf(w.out, "  %s\n", w.color.Faint(at))
	}
	if v.Outcome == rule.OutcomeNotHeld {
		w.checks(v.Checks, record)
	}
	for _, g := range v.Reasons {
		w.row("value "+g.Field+parseOf(v.Rule), "is "+g.Got+missingNote(g.Got, record))
	}
	for _, s := range v.Samples {
		fmt.Fprintf(w.out, "       %s %s\n", w.arrow, sampleText(s))
	}
	if len(v.Defaulted) > 0 {
		fmt.Fprintf(w.out, "         default of %s: the text did not match\n", strings.Join(v.Defaulted, ", "))
	}
	for _, reason := range v.Drops {
		fmt.Fprintf(w.out, "         %s: a sample was dropped%s\n", reason, collision(v, reason))
	}
	if v.Overflowed {
		fmt.Fprintln(w.out, "         overflowed: the family has reached its series_limit, so a sample went to the overflow series")
	}
}

// collision says which field feeds the series.
func collision(v *trial.Explained, reason string) string {
	if v.CollidedWith == "" || reason != collector.NameCollision.String() {
		return ""
	}
	return ", because the field " + v.CollidedWith + " feeds the series"
}

// pad fills shown, which is text in color, with spaces to a width.
func pad(shown, text string, width int) string {
	return shown + strings.Repeat(" ", max(width-utf8.RuneCountInString(text), 0))
}

// outcome returns the mark of a verdict, and a text if the mark is not enough.
func (w *explainWriter) outcome(v *trial.Explained) (mark, text string) {
	switch v.Outcome {
	case rule.OutcomeMade:
		return w.color.Green(w.yes), reasons(v, "also ")
	case rule.OutcomeGaveUp:
		return w.color.Red("!"), "no sample: " + reasons(v, "")
	case rule.OutcomeNotHeld:
		return "-", "does not hold" + inRound(v)
	case rule.OutcomeNoField:
		return "-", "no field for it" + inRound(v)
	case rule.OutcomeDropped:
		return w.color.Yellow(w.no), "dropped"
	case rule.OutcomeKept:
		return "-", "kept by " + v.KeptBy.Rule
	}
	if v.Rule.Match != "" {
		return ".", "no tag like " + v.Rule.Match
	}
	return ".", "no tag like " + v.Rule.MatchRegex.String()
}

// inRound says that a record of which no sample is made belongs to a round.
func inRound(v *trial.Explained) string {
	if v.Rule.HasRounds() {
		return ", but belongs to the round"
	}
	return ""
}

func reasons(v *trial.Explained, prefix string) string {
	var words []string
	for _, g := range v.Reasons {
		if word := g.Reason.String(); len(words) == 0 || words[len(words)-1] != word {
			words = append(words, word)
		}
	}
	if len(words) == 0 {
		return ""
	}
	return prefix + strings.Join(words, ", ")
}

func (w *explainWriter) checks(all []rule.Check, record []byte) {
	for _, c := range all {
		mark := w.no
		if c.Holds {
			mark = w.yes
		}
		left := strings.Repeat("  ", c.Depth) + mark + " "
		if c.Join != "" {
			fmt.Fprintf(w.out, "       %s%s\n", left, c.Join)
			continue
		}
		got := ""
		if c.Compare.Op != config.Exists && c.Compare.Op != config.NotExists || c.Got == "missing" {
			got = "is " + c.Got + missingNote(c.Got, record)
		}
		w.row(left+compareText(c.Compare), got)
	}
}

// row writes two columns.
func (w *explainWriter) row(left, right string) {
	const width = 43
	line := left + strings.Repeat(" ", max(width-utf8.RuneCountInString(left), 0)) + " " + right
	fmt.Fprintf(w.out, "       %s\n", strings.TrimRight(line, " "))
}
