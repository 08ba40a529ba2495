package conf

import (
	"os"
	"strings"

	"github.com/promexporter/promexporter/cmd/flbhost/property"
)

// variables replaces ${NAME} and ${NAME:-default}.
type variables struct {
	set         property.List // by @SET and env:
	environment func(string) (string, bool)
	warn        func(format string, args ...any)
}

// lookup returns "" for a variable that is not set, and for one that is empty.
func (v variables) lookup(name string) string {
	for i := len(v.set) - 1; i >= 0; i-- {
		if v.set[i].Key == name {
			return v.set[i].Value
		}
	}
	if value, _ := v.environment(name); value != "" {
		return value
	}
	if name == "HOSTNAME" {
		host, _ := os.Hostname()
		return host
	}
	return ""
}

// replace does as Fluent Bit does, down to its oddities: the brace that ends a variable is the first one after the last
// variable, even if it stands before the next "${". Then what follows is not touched, as in ^a{2}${FOO}$, and what lies
// between two variables may be lost.
func (v variables) replace(s string) string {
	var b strings.Builder
	rest, replaced := s, false
	for {
		start := strings.Index(rest, "${")
		if start < 0 {
			break
		}
		end := strings.IndexByte(rest, '}')
		if end <= start+2 {
			if replaced {
				rest = afterBrace(rest, end)
			}
			break
		}
		replaced = true
		b.WriteString(rest[:start])
		b.WriteString(v.value(rest[start+2 : end]))
		rest = rest[end+1:]
	}
	return b.String() + rest
}

func afterBrace(s string, brace int) string {
	if brace < 0 {
		return ""
	}
	return s[brace+1:]
}

func (v variables) value(expression string) string {
	name, def, hasDefault := strings.Cut(expression, ":-")
	value := v.lookup(name)
	if value == "" && hasDefault {
		return def
	}
	if value == "" {
		v.warn("[env] variable ${%s} is used but not set", name)
	}
	return value
}
