package config

import "slices"

// Code names a kind of mistake or of advice. A code never changes its meaning, because files and scripts name it.
type Code string

// The codes of mistakes, which keep a file from being used.
const (
	Syntax     Code = "syntax"      // the text is not YAML of the kind that is read here
	UnknownKey Code = "unknown-key" // a key that the language does not have
	Invalid    Code = "invalid"     // everything else
)

// The codes of warnings.
const (
	CounterTotal   Code = "counter-total"   // a counter without _total at its end
	NoHelp         Code = "no-help"         // a family without help
	Naming         Code = "naming"          // other advice of promtool on names
	TypeSuffix     Code = "type-suffix"     // a name with the end of another type
	ScraperName    Code = "scraper-name"    // a name that Prometheus makes itself
	UTF8Name       Code = "utf8-name"       // a name that not every scraper sees as it is written
	TargetLabel    Code = "target-label"    // a label that Prometheus sets itself
	ConstantLabel  Code = "constant-label"  // a constant that looks like the field of the same name
	RegexSlashes   Code = "regex-slashes"   // slashes around a regular expression
	WildcardRegex  Code = "wildcard-regex"  // a text with wildcards that looks like a regular expression
	Unreachable    Code = "unreachable"     // a rule that no record reaches
	Duplicate      Code = "duplicate"       // a rule that counts what another one counts
	UnboundedLabel Code = "unbounded-label" // a label with as many values as there are clients
	UnboundedName  Code = "unbounded-name"  // a name with as many texts as there are clients
	NoTTL          Code = "no-ttl"          // labels of containers without a ttl
	UnguardedValue Code = "unguarded-value" // a value that other records of the tag do not have
)

var warningCodes = []Code{
	CounterTotal, NoHelp, Naming, TypeSuffix, ScraperName, UTF8Name, TargetLabel, ConstantLabel, RegexSlashes,
	WildcardRegex, Unreachable,
	Duplicate, UnboundedLabel, UnboundedName, NoTTL, UnguardedValue,
}

// WarningCodes returns the codes of all warnings.
func WarningCodes() []Code { return slices.Clone(warningCodes) }
