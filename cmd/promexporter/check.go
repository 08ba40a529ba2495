package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/promexporter/promexporter/check"
	"github.com/promexporter/promexporter/config"
	"github.com/promexporter/promexporter/finding"
)

type checkFlags struct {
	output  string
	strict  bool
	excerpt bool
	ignore  []string
}

func (a *app) checkCommand() *cobra.Command {
	var f checkFlags
	c := &cobra.Command{
		Use:   "check [FILE|DIR|./...]...",
		Short: "Find mistakes in rules files and in configurations of Fluent Bit",
		Long: `check reads rules files and configurations of Fluent Bit, with the rules files that these name. It reports all mistakes
and all warnings with their places. Without arguments it checks the working directory.

The comment "# promexporter: ignore=CODE" silences a warning of its line, or of the line below.`,
		Example: "  promexporter check rules.yaml\n  promexporter check -o sarif ./... > promexporter.sarif",
		RunE: func(c *cobra.Command, args []string) error {
			if !c.Flags().Changed("excerpt") {
				f.excerpt = isTerminal(a.out)
			}
			return a.check(f, args)
		},
	}
	c.Flags().StringVarP(&f.output, "output", "o", "text", "text, json, sarif or github")
	c.Flags().BoolVar(&f.strict, "strict", false, "end with status 3 if there are warnings")
	c.Flags().BoolVar(&f.excerpt, "excerpt", false, "show the lines; the default on a terminal")
	c.Flags().StringSliceVar(&f.ignore, "ignore", nil, "leave out warnings with these `codes`: "+codeList())
	return c
}

func codeList() string {
	var words []string
	for _, code := range config.WarningCodes() {
		words = append(words, string(code))
	}
	return strings.Join(words, ", ")
}

func (a *app) check(f checkFlags, args []string) error {
	if err := oneOf("-o", f.output, "text", "json", "sarif", "github"); err != nil {
		return err
	}
	var ignore []config.Code
	for _, word := range f.ignore {
		if err := finding.CheckCode(config.Code(word)); err != nil {
			return fmt.Errorf("--ignore: %w; write one of %s", err, codeList())
		}
		ignore = append(ignore, config.Code(word))
	}
	if len(args) == 0 {
		args = []string{"."}
	}
	paths, err := check.Paths(args)
	if err != nil {
		return fileError("", err, "write the path of a file or folder")
	}
	report, err := check.Files(paths, ignore)
	if err != nil {
		return fileError("", err, "write the path of a file that can be read")
	}
	if err := a.writeReport(report, f); err != nil {
		return err
	}
	for i := range report.Files {
		a.note("%s", report.Files[i].Summary(a.palette(a.err)))
	}
	switch {
	case report.Count(finding.Error) > 0:
		return status(statusWrong)
	case f.strict && report.Count(finding.Warning) > 0:
		return status(statusWarnings)
	}
	return nil
}

func (a *app) writeReport(r *finding.Report, f checkFlags) error {
	switch f.output {
	case "text":
		return r.WriteText(a.out, a.palette(a.out), f.excerpt)
	case "json":
		return r.WriteJSON(a.out)
	case "sarif":
		return r.WriteSARIF(a.out, version)
	case "github":
		return r.WriteGitHub(a.out)
	}
	return errors.New("unknown format " + f.output)
}
