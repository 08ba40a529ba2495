package status

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestProfiles(t *testing.T) {
	for path, want := range map[string]int{
		"": 200, "goroutine?debug=1": 200, "heap": 200, "symbol": 200, "trace?seconds=0.01": 200, "profile?seconds=1": 200,
		"none": 404, "cmdline": 404, "cmdline?seconds=1": 404,
		"profile?seconds=61": 400, "trace?seconds=1e9": 400, "heap?seconds=1e300": 400, "trace?seconds=NaN": 400,
		"trace?seconds=Inf": 400, "heap?seconds=none": 400,
	} {
		w := httptest.NewRecorder()
		ServeProfile(w, httptest.NewRequest(http.MethodGet, ProfilesPath+path, nil))
		if w.Code != want {
			t.Errorf("%q: got %d, want %d\n%.200s", path, w.Code, want, w.Body)
		}
	}
}
