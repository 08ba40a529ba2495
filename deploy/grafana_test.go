package deploy

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/promql/parser"
)

// dashboard is what is used of a dashboard of Grafana.
type dashboard struct {
	UID        string
	Templating struct {
		List []struct{ Name, Type, Definition string }
	}
	Panels []panel
}

type panel struct {
	ID                       int
	Type, Title, Description string
	Datasource               struct{ Type, UID string }
	GridPos                  struct{ H, W, X, Y int }
	Targets                  []struct{ RefID, Expr string }
}

func readDashboard(t *testing.T) (d dashboard) {
	t.Helper()
	if err := json.Unmarshal([]byte(read(t, "grafana/promexporter.json")), &d); err != nil {
		t.Fatal(err)
	}
	return d
}

// checkExpression parses an expression and looks its metrics up.
func checkExpression(t *testing.T, known map[string]bool, where, expression string) {
	t.Helper()
	e, err := parser.NewParser(parser.Options{}).ParseExpr(expression)
	if err != nil {
		t.Errorf("%s: %v\n%s", where, err, expression)
		return
	}
	parser.Inspect(e, func(n parser.Node, _ []parser.Node) error {
		if s, ok := n.(*parser.VectorSelector); ok && !known[s.Name] {
			t.Errorf("%s: the metric %s is not documented", where, s.Name)
		}
		return nil
	})
}

// TestDashboard puts values into the variables of each expression as Grafana does.
func TestDashboard(t *testing.T) {
	d := readDashboard(t)
	known := documented(t)
	variables := strings.NewReplacer("$job", ".*", "$instance", ".*", "$__rate_interval", "1m")
	for _, v := range d.Templating.List {
		if metric, ok := strings.CutPrefix(v.Definition, "label_values("); ok {
			metric, _, _ = strings.Cut(metric, ",")
			metric, _, _ = strings.Cut(metric, "{")
			if !known[metric] {
				t.Errorf("variable %s: the metric %s is not documented", v.Name, metric)
			}
		}
	}
	ids := map[int]bool{}
	for _, p := range d.Panels {
		if ids[p.ID] {
			t.Errorf("%s has the id of another panel", p.Title)
		}
		ids[p.ID] = true
		if p.Type == "row" {
			continue
		}
		if p.Title == "" || p.Description == "" || len(p.Targets) == 0 || p.Datasource.UID != "${datasource}" {
			t.Errorf("panel %+v", p)
		}
		for _, target := range p.Targets {
			expression := variables.Replace(target.Expr)
			if strings.Contains(expression, "$") {
				t.Errorf("%s: unknown variable in %s", p.Title, expression)
			}
			checkExpression(t, known, p.Title, expression)
		}
	}
}

// TestDashboardLayout checks that no two panels overlap.
func TestDashboardLayout(t *testing.T) {
	taken := map[[2]int]string{}
	for _, p := range readDashboard(t).Panels {
		for x := p.GridPos.X; x < p.GridPos.X+p.GridPos.W; x++ {
			for y := p.GridPos.Y; y < p.GridPos.Y+p.GridPos.H; y++ {
				if other, ok := taken[[2]int{x, y}]; ok || x >= 24 {
					t.Fatalf("%s overlaps %q", p.Title, other)
				}
				taken[[2]int{x, y}] = p.Title
			}
		}
	}
}
