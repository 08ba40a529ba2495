package config

import (
	"fmt"
	"strings"

	"github.com/promexporter/promexporter/internal/metric"
)

const namespaceVariable = "${namespace}"

// distinctNames checks that no two families expose the same name, in any format.
func (p *parser) distinctNames(families []parsedRule) {
	uses := make(map[string]parsedRule)
	for _, f := range families {
		if !f.typed {
			continue
		}
		for _, name := range f.exposed() {
			u, taken := uses[name]
			if !taken {
				uses[name] = f
				continue
			}
			if u.mappingReader == f.mappingReader {
				continue
			}
			wrong := fmt.Sprintf("the %s and the %s of %s both expose the name %s",
				f.describeFamily(), u.describeFamily(), u.describeRule(), name)
			p.wrong(f.get("name"), f.under("name"), wrong, "rename one of them")
			break
		}
	}
}

func (r parsedRule) describeFamily() string { return r.Type.String() + " " + quote(r.Name.String()) }

// exposed returns the names that the family exposes. It keeps the variable ${namespace} in front of its name.
func (r parsedRule) exposed() []string {
	rest, found := strings.CutPrefix(r.Name.String(), namespaceVariable)
	names := metric.Names(rest, r.Type)
	if found {
		for i := range names {
			names[i] = namespaceVariable + names[i]
		}
	}
	return names
}
