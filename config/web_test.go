package config

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

func TestWebKeys(t *testing.T) {
	c, err := ParseKeys(properties("username", "prometheus", "password", "hunter2", "password_file", "p", "web_config_file", "w.yml",
		"max_requests", "512", "debug", "on", "listen_address", ":1, unix:///run/a.sock,vsock://:7,systemd://web"))
	if err != nil {
		t.Fatal(err)
	}
	if c.Username != "prometheus" || c.Password != "hunter2" || c.PasswordFile != "p" || c.WebConfigFile != "w.yml" ||
		c.MaxRequests != 512 || !c.Debug || len(c.Addresses) != 4 || c.Addresses[3].String() != "systemd://web" {
		t.Errorf("got %+v", c)
	}
	text, err := json.Marshal(c)
	if shown := fmt.Sprintf("%v %+v %#v %s", c, *c, *c, text); err != nil || strings.Contains(shown, "hunter2") {
		t.Errorf("the password is shown: %v %s", err, shown)
	}
}

func TestWebKeysRefused(t *testing.T) {
	for _, test := range []struct{ key, value, want string }{
		{"listen_address", ":1,", `":1,": "": the port is missing: write :8989`},
		{"listen_address", ":1,:99999", `":1,:99999": ":99999": the port 99999 is not from 0 to 65535`},
		{"listen_address", "unix://a.sock", `not the full path of a socket: write unix:///run/promexporter.sock`},
		{"listen_address", "unix:///a/", `not the full path of a socket: write unix:///run/promexporter.sock`},
		{"listen_address", "vsock://3:1", `not a port alone: write vsock://:8989`},
		{"listen_address", "vsock://:0", `not a port alone: write vsock://:8989`},
		{"listen_address", "systemd://a/b", `not the name of a socket: write systemd://, or systemd://NAME`},
		{"listen_address", "tcp://:80", `not a URL: leave out tcp:// and write :80`},
		{"listen_address", "Unix:///a", `not a URL: leave out Unix:// and write host:port`},
		{"max_requests", "0", `"0": not from 1 to 512`},
		{"max_requests", "many", `"many": not a whole number`},
		{"password_file", "/etc/", `"/etc/": a directory`},
		{"web_config_file", "/etc/", `"/etc/": a directory`},
		{"debug", "maybe", `"maybe": neither on nor off`},
	} {
		if _, err := ParseKeys(properties(test.key, test.value)); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s=%s:\ngot  %v\nwant %s", test.key, test.value, err, test.want)
		}
	}
}
