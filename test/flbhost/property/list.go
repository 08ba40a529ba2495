// Package property has the parts of configuration sections: keys and values in the order of the configuration, the keys
// that Fluent Bit keeps to itself, and the check of a section against the keys that a plugin knows.
//
// Keys compare without regard to case. Values are text. As in Fluent Bit, "" counts as no value.
package property

import (
	"fmt"
	"strings"
)

// Property is one line of a section.
type Property struct {
	Key, Value string
}

// List is a section's properties in the order of the configuration. A key may occur several times.
type List []Property

// Of returns a list of alternating keys and values. It panics if a key has no value.
func Of(keysAndValues ...string) List {
	if len(keysAndValues)%2 != 0 {
		panic("property.Of: a key without a value")
	}
	var l List
	for i := 0; i < len(keysAndValues); i += 2 {
		l = append(l, Property{Key: keysAndValues[i], Value: keysAndValues[i+1]})
	}
	return l
}

// Last returns the value of the last property with this key. Fluent Bit itself sets its keys one after the other, so
// that the last one wins; for plugins the first one wins.
func (l List) Last(key string) (string, bool) {
	for i := len(l) - 1; i >= 0; i-- {
		if strings.EqualFold(l[i].Key, key) {
			return l[i].Value, l[i].Value != ""
		}
	}
	return "", false
}

// Without returns the properties whose keys are not reserved.
func (l List) Without(reserved func(key string) bool) List {
	var rest List
	for _, p := range l {
		if !reserved(p.Key) {
			rest = append(rest, p)
		}
	}
	return rest
}

// ParseBool reads a switch as Fluent Bit does.
func ParseBool(s string) (bool, error) {
	switch strings.ToLower(s) {
	case "true", "on", "yes":
		return true, nil
	case "false", "off", "no":
		return false, nil
	}
	return false, fmt.Errorf("%q is neither on nor off", s)
}
