package main

import (
	"bufio"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// manCommand prints the man page, which packages install.
func (a *app) manCommand() *cobra.Command {
	return &cobra.Command{
		Use:    "man",
		Short:  "Print the man page",
		Hidden: true,
		Args:   cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			out := bufio.NewWriter(a.out)
			writeMan(out, c.Root())
			return out.Flush()
		},
	}
}

// writeMan writes a page with all commands and their flags.
func writeMan(w *bufio.Writer, root *cobra.Command) {
	fmt.Fprintf(w, ".TH PROMEXPORTER 1 \"\" %q\n", "promexporter "+version)
	fmt.Fprintf(w, ".SH NAME\npromexporter \\- %s\n.SH SYNOPSIS\n.B promexporter\n.I command\n[flags] [arguments]\n", roff(root.Short))
	fmt.Fprintf(w, ".SH DESCRIPTION\n%s\n", roff(root.Long))
	for _, c := range root.Commands() {
		if c.Hidden || !c.IsAvailableCommand() || c.Name() == "completion" || c.Name() == "help" {
			continue
		}
		fmt.Fprintf(w, ".SH PROMEXPORTER %s\n.B promexporter %s\n", strings.ToUpper(roff(c.Name())), roff(c.Use))
		text := c.Long
		if text == "" {
			text = c.Short + "."
		}
		fmt.Fprintf(w, ".PP\n%s\n", roff(text))
		writeFlags(w, c.LocalNonPersistentFlags())
		if c.Example != "" {
			fmt.Fprintf(w, ".PP\nExamples:\n.PP\n.nf\n%s\n.fi\n", roff(c.Example))
		}
	}
	fmt.Fprint(w, ".SH FLAGS OF ALL COMMANDS\n")
	writeFlags(w, root.PersistentFlags())
}

func writeFlags(w *bufio.Writer, flags *pflag.FlagSet) {
	flags.VisitAll(func(f *pflag.Flag) {
		value, usage := pflag.UnquoteUsage(f)
		name := "--" + f.Name
		if f.Shorthand != "" {
			name = "-" + f.Shorthand + ", " + name
		}
		fmt.Fprintf(w, ".TP\n.B %s\n%s\n", roff(strings.TrimSpace(name+" "+value)), roff(usage))
	})
}

// roff escapes text, of which a line must not start with a point or a quote.
func roff(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`).Replace(text)
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, ".") || strings.HasPrefix(line, "'") {
			lines[i] = `\&` + line
		}
		if line == "" {
			lines[i] = ".PP"
		}
	}
	return strings.Join(lines, "\n")
}
