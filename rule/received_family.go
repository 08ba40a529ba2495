package rule

import (
	"hash/fnv"
	"strconv"
	"strings"
)

// Family returns the rules about the name that a family comes with, or nil if there is none.
func (p *Received) Family(name []byte) *ReceivedFamily {
	p.mu.RLock()
	f, known := p.families[string(name)]
	p.mu.RUnlock()
	if !known {
		f = p.addFamily(string(name))
	}
	return f
}

func (p *Received) addFamily(name string) *ReceivedFamily {
	f := p.familyOf(name)
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.families) >= maxReceivedNames {
		clear(p.families)
	}
	p.families[name] = f
	return f
}

func (p *Received) familyOf(name string) *ReceivedFamily {
	f := &ReceivedFamily{plan: p, name: []byte(name)}
	sum := fnv.New64a()
	for i := range p.rules {
		r := &p.rules[i]
		if !r.matchesName(name) {
			continue
		}
		f.rules = append(f.rules, r)
		f.names = append(f.names, r.rename(name, p.set.options.prefix()))
		f.PerPoint = f.PerPoint || r.perPoint
		_, _ = sum.Write(strconv.AppendQuote(nil, r.config.Identity))
		_, _ = sum.Write(f.names[len(f.names)-1]) // which depends on the key namespace too
	}
	if len(f.rules) == 0 {
		return nil
	}
	f.Fingerprint = max(sum.Sum64(), 1)
	return f
}

// Fingerprint returns the Fingerprint of the ReceivedFamily with that tag and name, or 0 if no rule is about it.
func (s *Set) Fingerprint(tag, name string) uint64 {
	if p := s.Received(tag); p != nil {
		if f := p.Family([]byte(name)); f != nil {
			return f.Fingerprint
		}
	}
	return 0
}

// rename returns the name that the rule gives to a family, or nil if it keeps the name.
func (r *receivedRule) rename(name, prefix string) []byte {
	if r.config.Name == nil {
		return nil
	}
	re := r.config.MetricRegex
	var match []int
	if re != nil {
		match = re.FindStringSubmatchIndex(name)
	}
	var b strings.Builder
	for _, part := range r.config.Name {
		b.WriteString(part.Literal)
		switch part.Variable {
		case "":
		case "namespace":
			b.WriteString(prefix)
		default:
			b.Write(re.ExpandString(nil, "${"+part.Variable+"}", name, match))
		}
	}
	return []byte(b.String())
}
