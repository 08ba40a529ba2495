package config

import (
	"fmt"
	"strings"

	"github.com/prometheus/common/model"
)

// distinctNames checks that no two families put samples of the same name on the
// page, in any format.
func (p *parser) distinctNames(families []made) {
	uses := make(map[string]made)
	for _, f := range families {
		if !f.typed {
			continue
		}
		for _, name := range f.exposed() {
			key := escaped(name)
			u, taken := uses[key]
			if !taken {
				uses[key] = f
				continue
			}
			if u.section == f.section {
				continue
			}
			wrong := fmt.Sprintf("the %s and the %s of %s both have samples or a family named %s",
				f.describeFamily(), u.describeFamily(), u.describeRule(), key)
			p.wrong(f.get("name"), f.under("name"), wrong, "give one another name")
			break
		}
	}
}

func (r made) describeFamily() string { return r.Type.String() + " " + quote(r.Name.String()) }

// exposed returns the names that the family has on the page: its own, in
// OpenMetrics without _total, and those of its samples.
func (r made) exposed() []string {
	name := r.Name.String()
	switch r.Type {
	case Counter:
		base := strings.TrimSuffix(name, "_total")
		return []string{name, base, base + "_total", base + "_created"}
	case Histogram:
		return []string{name, name + "_bucket", name + "_sum", name + "_count", name + "_created"}
	case Summary:
		return []string{name, name + "_sum", name + "_count", name + "_created"}
	default:
		return []string{name}
	}
}

// escaped is name as a scraper sees it that does not ask for UTF-8 names. The
// variable ${namespace} is left as it is.
func escaped(name string) string {
	rest, found := strings.CutPrefix(name, "${namespace}")
	rest = model.EscapeName(rest, model.UnderscoreEscaping)
	if found {
		return "${namespace}" + rest
	}
	return rest
}
