package rule

import (
	_ "embed"

	"github.com/promexporter/promexporter/config"
)

//go:embed default.yaml
var defaultText []byte

// Defaults returns the embedded rules, which apply when the user gives none.
func Defaults() (*config.Rules, error) {
	return config.ParseRules("default.yaml", defaultText)
}
