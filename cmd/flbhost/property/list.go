package property

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Property is one line of a section.
type Property struct {
	Key, Value string
}

// List is a section's properties in the order of the configuration. The same key may occur several times.
type List []Property

// Of returns a list of alternating keys and values. It panics on an odd number, which is a mistake of the caller.
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

// Get returns the value of the first property with this key, which is what Fluent Bit's lookup gives to a plugin.
func (l List) Get(key string) (string, bool) {
	for _, p := range l {
		if strings.EqualFold(p.Key, key) {
			return p.Value, p.Value != ""
		}
	}
	return "", false
}

// Last returns the value of the last property with this key: keys that Fluent Bit itself acts upon are set one after
// the other, so that the last one stays.
func (l List) Last(key string) (string, bool) {
	for i := len(l) - 1; i >= 0; i-- {
		if strings.EqualFold(l[i].Key, key) {
			return l[i].Value, l[i].Value != ""
		}
	}
	return "", false
}

// Int returns the whole number at key, or def when there is none.
func (l List) Int(key string, def int) (int, error) {
	v, ok := l.Get(key)
	if !ok {
		return def, nil
	}
	n, err := strconv.Atoi(v)
	if err != nil {
		return 0, fmt.Errorf("%s=%q is not a whole number, as %d is", key, v, def)
	}
	return n, nil
}

// Bool returns the switch at key, or def when there is none.
func (l List) Bool(key string, def bool) (bool, error) {
	v, ok := l.Get(key)
	if !ok {
		return def, nil
	}
	b, err := ParseBool(v)
	if err != nil {
		return false, fmt.Errorf("%s=%q: %w", key, v, err)
	}
	return b, nil
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

// ParseSeconds reads a positive number of seconds, such as "0.5" or "5".
func ParseSeconds(s string) (time.Duration, error) {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || !(f > 0) || f > 1e6 {
		return 0, fmt.Errorf("%q is not a positive number of seconds, as 1 or 0.5 are", s)
	}
	return time.Duration(f * float64(time.Second)), nil
}
