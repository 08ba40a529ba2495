package main

import (
	"io"

	"github.com/spf13/cobra"

	"github.com/promexporter/promexporter/rules"
)

func (a *app) schemaCommand() *cobra.Command {
	return &cobra.Command{
		Use:       "schema [rules]",
		Short:     "Print the JSON Schema of a rules file, for editors",
		ValidArgs: []string{"rules"},
		Args:      cobra.MatchAll(cobra.MaximumNArgs(1), cobra.OnlyValidArgs),
		RunE: func(*cobra.Command, []string) error {
			_, err := io.WriteString(a.out, rules.Schema)
			return err
		},
	}
}
