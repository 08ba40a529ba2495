package property

import (
	"fmt"
	"strings"
)

// Key is one key that a plugin knows.
type Key struct {
	Name     string
	Prefix   bool // Name is the start of a key: "metric." allows metric.a and metric.b
	Multiple bool // may occur several times
}

// Map is the config map of a plugin: the keys that it knows.
type Map []Key

// Check returns an error, in Fluent Bit's words, for the first property that m does not allow. The section is the name
// of the plugin.
func (m Map) Check(section string, l List) error {
	for _, p := range l {
		k, ok := m.find(p.Key)
		if !ok {
			return fmt.Errorf("[config] %s: unknown configuration property '%s'", section, p.Key)
		}
		if n := l.count(p.Key); n > 1 && !k.Multiple {
			return fmt.Errorf("[config] %s: configuration property '%s' is set %d times", section, p.Key, n)
		}
	}
	return nil
}

func (m Map) find(key string) (Key, bool) {
	for _, k := range m {
		if strings.EqualFold(key, k.Name) && !k.Prefix ||
			k.Prefix && len(key) > len(k.Name) && strings.EqualFold(key[:len(k.Name)], k.Name) {
			return k, true
		}
	}
	return Key{}, false
}

// count also compares the case, as Fluent Bit does: keys from a configuration file are lower-case by then.
func (l List) count(key string) int {
	n := 0
	for _, p := range l {
		if p.Key == key {
			n++
		}
	}
	return n
}
