package property

import (
	"fmt"
	"strings"
)

// Key is one key that a plugin knows.
type Key struct {
	Name        string
	Prefix      bool // Name is the start of a key: "metric." allows metric.a and metric.b
	Multiple    bool // may be given several times
	Default     string
	Description string
}

// Map is the keys that a plugin knows: its config map. A nil Map knows nothing and refuses everything.
type Map []Key

// Check returns an error for the first property that m does not allow, in Fluent Bit's words. The section is the name
// of the plugin.
func (m Map) Check(section string, l List) error {
	for _, p := range l {
		if strings.EqualFold(p.Key, "active") || strings.EqualFold(p.Key, "condition") {
			continue
		}
		k, ok := m.find(p.Key)
		if !ok {
			return fmt.Errorf("[config] %s: unknown configuration property '%s'. %s", section, p.Key, m.allowed())
		}
		if n := l.count(p.Key); n > 1 && !k.Multiple {
			return fmt.Errorf("[config] %s: configuration property '%s' is set %d times", section, p.Key, n)
		}
	}
	return nil
}

func (m Map) find(key string) (Key, bool) {
	for _, k := range m {
		if k.matches(key) {
			return k, true
		}
	}
	return Key{}, false
}

func (k Key) matches(key string) bool {
	if k.Prefix {
		return len(key) > len(k.Name) && strings.EqualFold(key[:len(k.Name)], k.Name)
	}
	return strings.EqualFold(key, k.Name)
}

// count compares the case too: so does Fluent Bit, whose configuration keys are lower-case by then.
func (l List) count(key string) int {
	n := 0
	for _, p := range l {
		if p.Key == key {
			n++
		}
	}
	return n
}

func (m Map) allowed() string {
	var b strings.Builder
	b.WriteString("The following properties are allowed: ")
	for i, k := range m {
		switch {
		case i < len(m)-1:
			b.WriteString(k.Name + ", ")
		case i > 0:
			b.WriteString("and " + k.Name + ".")
		default:
			b.WriteString(k.Name + ".")
		}
	}
	return b.String()
}
