package pipeline

import (
	"net/http"
	"strings"
	"testing"

	"github.com/promexporter/promexporter/flb"
)

func TestUsers(t *testing.T) {
	p, log := openOne(t, map[string]string{"username": "prometheus", "password": "s3cret-word"})
	flush(t, p, "t", `{"a":1}`, flb.OK)
	for path, want := range map[string]int{
		"/metrics": http.StatusUnauthorized, "/": http.StatusUnauthorized, "/-/rules": http.StatusUnauthorized,
		"/-/healthy": http.StatusOK, "/-/ready": http.StatusOK,
	} {
		if code, _ := get(t, p, path); code != want {
			t.Errorf("%s without a password: %d, want %d", path, code, want)
		}
	}
	for password, want := range map[string]int{"s3cret-word": http.StatusOK, "wrong": http.StatusUnauthorized} {
		request, err := http.NewRequest(http.MethodGet, "http://"+p.endpoint.Addrs()[0].String()+"/metrics", nil)
		if err != nil {
			t.Fatal(err)
		}
		request.SetBasicAuth("prometheus", password)
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != want {
			t.Errorf("with the password %s: %d, want %d", password, response.StatusCode, want)
		}
	}
	if lines := log.lines("s3cret-word"); len(lines) > 0 {
		t.Errorf("the password is in the log: %q", lines)
	}
}

func TestContradictingWebKeys(t *testing.T) {
	for _, keys := range []map[string]string{
		{"username": "prometheus"},
		{"password": "s3cret-word"},
		{"username": "prometheus", "password": "s3cret-word", "web_config_file": "web.yaml"},
		{"username": "prometheus", "password_file": "/no/such/file"},
	} {
		p, err := Open(newProcess(t).options("promexporter.0", keys))
		if err == nil {
			p.Close()
			t.Errorf("opened with %v", keys)
			continue
		}
		if strings.Contains(err.Error(), "s3cret-word") {
			t.Errorf("the password is in %v", err)
		}
	}
}

func TestRulesPage(t *testing.T) {
	p, _ := openOne(t, map[string]string{"rules_file": writeRules(t, oneRule)})
	flush(t, p, "t", `{"l":"content-of-a-record"}`, flb.OK)
	for _, path := range []string{"/", "/-/rules"} {
		code, body := get(t, p, path)
		if code != http.StatusOK || !strings.Contains(body, "a_total") {
			t.Errorf("%s: %d without the rule:\n%s", path, code, body)
		}
		if strings.Contains(body, "content-of-a-record") {
			t.Errorf("%s shows what a record holds", path)
		}
	}
}
