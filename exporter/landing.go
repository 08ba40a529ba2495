package exporter

import (
	"html"
	"net/http"
	"strings"

	"github.com/prometheus/exporter-toolkit/web"
)

// landingPage makes the page at "/" for endpoints, with the toolkit that gives Prometheus' own exporters their look.
// The toolkit escapes nothing, hence the escaping here.
func (s *server) landingPage(endpoints []*Endpoint) http.Handler {
	page, err := web.NewLandingPage(web.LandingConfig{
		Name:        "promexporter",
		Description: "Records as Prometheus metrics",
		Version:     html.EscapeString(s.version),
		Links:       landingLinks(endpoints),
		Profiling:   "false",
	})
	if err != nil {
		s.logs.warn(s.log(), err, "no landing page")
		return http.NotFoundHandler()
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// Styles stand in the page; nothing else may be loaded or run.
		w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
		page.ServeHTTP(w, r)
	})
}

func landingLinks(endpoints []*Endpoint) []web.LandingLinks {
	var paths []string
	instances := make(map[string][]string)
	for _, e := range endpoints {
		if instances[e.path] == nil {
			paths = append(paths, e.path)
		}
		instances[e.path] = append(instances[e.path], html.EscapeString(e.instance))
	}
	var links []web.LandingLinks
	for _, path := range paths {
		links = append(links, web.LandingLinks{
			Address: path, Text: path, Description: "metrics of " + strings.Join(instances[path], ", "),
		})
	}
	return append(links,
		web.LandingLinks{Address: healthyPath, Text: healthyPath, Description: "whether the server runs"},
		web.LandingLinks{Address: readyPath, Text: readyPath, Description: "whether every instance has had its first flush"},
	)
}
