package access

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/promexporter/promexporter/internal/logtest"
	"github.com/promexporter/promexporter/internal/webtest"
)

func TestUserIsAskedForEverythingButHealth(t *testing.T) {
	s := serve(t, open(t, Settings{Username: "prometheus", Password: secret}))
	for path, without := range map[string]int{
		"/metrics": 401, "/": 401, "/none": 401, "//-/healthy": 401, "/-/healthy/": 401, "/-/healthy%2f..%2f..%2fmetrics": 401,
		"/-/healthy/../../metrics": 401, "/-/healthy": 200, "/-/healthy?x=/metrics": 200,
	} {
		for user, want := range map[string]int{"": without, "prometheus": 200} {
			password := secret
			if user == "" {
				password = ""
			}
			response := fetch(t, http.DefaultClient, s.url+path, user, password)
			if response.StatusCode != want {
				t.Errorf("%s as %q: %d, want %d", path, user, response.StatusCode, want)
			}
			const asks = `Basic realm="promexporter", charset="UTF-8"`
			if refused := response.Header.Get("WWW-Authenticate") == asks && response.Header.Get("X-Content-Type-Options") == "nosniff"; refused != (want == 401) {
				t.Errorf("%s as %q: %v", path, user, response.Header)
			}
		}
	}
}

func TestWrongUsersAreRefused(t *testing.T) {
	s := serve(t, open(t, Settings{Username: "prometheus", Password: secret}))
	wrong := [][2]string{
		{"", ""}, {"prometheus", ""}, {"", secret}, {"Prometheus", secret}, {"prometheus", secret + "x"},
		{"prometheus", secret[:len(secret)-1]}, {secret, "prometheus"}, {"prometheus\x00", secret},
		{"prometheus", secret + ":"}, {strings.Repeat("a", 10_000), strings.Repeat("b", 10_000)},
	}
	for _, of := range wrong {
		if code := s.ask(of[0], of[1]).Code; code != http.StatusUnauthorized {
			t.Errorf("%q: %d", of, code)
		}
	}
	headers := []string{"", "Basic", "Basic !", "Bearer " + secret, "basic cHJvbQ=="}
	for _, header := range headers {
		r, err := http.NewRequest(http.MethodGet, s.url, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", header)
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != http.StatusUnauthorized {
			t.Errorf("%q: %d", header, response.StatusCode)
		}
	}
	if code := s.ask("prometheus", secret).Code; code != http.StatusOK {
		t.Errorf("the right user: %d", code)
	}
	if got := s.unauthorized.Load(); got != int64(len(wrong)+len(headers)) {
		t.Errorf("%d requests counted, want %d", got, len(wrong)+len(headers))
	}
}

func TestPasswordFileIsReadAgain(t *testing.T) {
	folder := webtest.NewFolder(t, "")
	folder.Write(t, "password", "one\n")
	s := &server{access: open(t, Settings{Username: "u", PasswordFile: folder.File("password")})}
	s.handler = s.access.Handler(http.NotFoundHandler(), s.hooks())
	for _, step := range []struct {
		content, password string
		want              int
	}{
		{"one\n", "one", 404},
		{"two\r\n", "one", 401},
		{"two\r\n", "two", 404},
		{"\n", "two", 404}, // the last good one
		{"\n", "", 401},
		{strings.Repeat("a", maxSecretFile+1), "two", 404},
	} {
		folder.Write(t, "password", step.content)
		if got := s.ask("u", step.password).Code; got != step.want {
			t.Errorf("%.10q as %q: %d, want %d", step.content, step.password, got, step.want)
		}
	}
	if err := os.Remove(folder.File("password")); err != nil {
		t.Fatal(err)
	}
	if got := s.ask("u", "two").Code; got != 404 {
		t.Errorf("without the file: %d", got)
	}
	for _, want := range []string{"the last valid password stays active", "it is empty", "no such file"} {
		if !strings.Contains(s.log.String(), want) {
			t.Errorf("no %q in\n%s", want, s.log.String())
		}
	}
}

func TestPasswordFileMistakes(t *testing.T) {
	folder := webtest.NewFolder(t, "")
	for name, content := range map[string]string{"empty": "", "blank": "\r\n", "long": strings.Repeat("a", maxSecretFile+1)} {
		folder.Write(t, name, content)
	}
	if err := syscall.Mkfifo(folder.File("pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, wrong := range map[string]string{
		"none": "no such file or directory", "": "it is not a regular file", "pipe": "it is not a regular file",
		"empty": "it is empty", "blank": "it is empty", "long": "it is longer than 4096 bytes",
	} {
		file := filepath.Join(string(folder), name)
		_, err := Open(Settings{Username: "u", PasswordFile: file})
		want := "password_file " + file + ": " + wrong + "; write the name of a file that holds the password and nothing else"
		if err == nil || err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
}

func TestContradictions(t *testing.T) {
	const both = "web_config_file: there is a username or a password as well; " +
		"write the users into basic_auth_users of the file, or leave out web_config_file"
	const control = "a colon or a control character, which HTTP cannot send; write a name without"
	for _, test := range []struct {
		settings Settings
		want     string
	}{
		{Settings{}, ""},
		{Settings{Password: secret}, "password: there is no username; write a username as well"},
		{Settings{PasswordFile: "x"}, "password_file: there is no username; write a username as well"},
		{Settings{Username: "u"}, `username "u": there is no password; write password or password_file as well`},
		{Settings{Username: "u", Password: secret, PasswordFile: "x"}, "password_file: there is a password as well; keep one of the two"},
		{Settings{Username: "u", Password: secret, ConfigFile: "x"}, both},
		{Settings{Username: "u", ConfigFile: "x"}, both},
		{Settings{PasswordFile: "x", ConfigFile: "x"}, both},
		{Settings{Username: "a:b", Password: secret}, `username "a:b": has ` + control},
		{Settings{Username: "a\n"}, `username "a\n": there is no password; write password or password_file as well` + "\n" +
			`username "a\n": has ` + control},
	} {
		got := ""
		if err := test.settings.Check(); err != nil {
			got = err.Error()
		}
		if got != test.want {
			t.Errorf("got  %s\nwant %s", got, test.want)
		}
	}
}

// Neither a log line nor a printed value nor an answer shows a password.
func TestSecretsAreNotShown(t *testing.T) {
	var out logtest.Buffer
	settings := Settings{Username: "prometheus", Password: secret}
	shown := fmt.Sprintf("%v %+v %#v %s %q %v\n", settings, settings, settings, settings, settings, []any{&settings})
	slog.New(slog.NewJSONHandler(&out, nil)).Info("open", "web", settings, "in", struct{ Web Settings }{settings})
	text, err := json.Marshal(settings)
	if err != nil {
		t.Fatal(err)
	}
	a := open(t, settings)
	s := serve(t, a)
	for _, password := range []string{secret, "wrong"} {
		w := s.ask("prometheus", password)
		shown += fmt.Sprint(w.Header()) + w.Body.String()
	}
	shown += out.String() + s.log.String() + string(text) + fmt.Sprintf("%+v %+v", a.settings, a.user)
	if strings.Contains(shown, "hunter") || !strings.Contains(shown, "Username:prometheus") {
		t.Errorf("shown:\n%s", shown)
	}
}

// Instances that share an address have the same settings, or learn which key differs.
func TestDifference(t *testing.T) {
	folder, other := webtest.NewFolder(t, ""), webtest.NewFolder(t, "")
	folder.Write(t, "password", secret)
	user := Settings{Username: "u", Password: secret}
	fromFile := Settings{Username: "u", PasswordFile: folder.File("password")}
	config := Settings{ConfigFile: folder.Config()}
	for _, test := range []struct {
		one, two Settings
		want     string
	}{
		{Settings{}, Settings{}, ""},
		{user, user, ""},
		{fromFile, fromFile, ""},
		{config, config, ""},
		{config, Settings{ConfigFile: string(folder) + "/../" + filepath.Base(string(folder)) + "/web.yml"}, ""},
		{Settings{}, user, "username"},
		{user, Settings{}, "username"},
		{user, Settings{Username: "v", Password: secret}, "username"},
		{user, Settings{Username: "u", Password: "other"}, "password"},
		{user, fromFile, "password_file"},
		{Settings{}, config, "web_config_file"},
		{user, config, "web_config_file"},
		{config, Settings{ConfigFile: other.Config()}, "web_config_file"},
	} {
		one, two := open(t, test.one), open(t, test.two)
		if got, back := one.Difference(two), two.Difference(one); got != test.want || back != test.want {
			t.Errorf("%v and %v differ in %q and %q, want %q", test.one, test.two, got, back, test.want)
		}
		if got := one.Outdated(two); got != (test.want != "") {
			t.Errorf("%v and %v: outdated %t", test.one, test.two, got)
		}
	}
}
