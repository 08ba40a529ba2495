package main

import (
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/promexporter/promexporter/rules"
)

func (a *app) schemaCommand() *cobra.Command {
	return &cobra.Command{
		Use:       "schema [rules|tests]",
		Short:     "Print the JSON Schema of a rules file, or of its tests, for editors",
		ValidArgs: []string{"rules", "tests"},
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return nil
			}
			return oneOf("schema", strings.Join(args, " "), "rules", "tests")
		},
		RunE: func(_ *cobra.Command, args []string) error {
			schema := rules.Schema
			if len(args) > 0 && args[0] == "tests" {
				schema = rules.TestsSchema
			}
			_, err := io.WriteString(a.out, schema)
			return err
		},
	}
}
