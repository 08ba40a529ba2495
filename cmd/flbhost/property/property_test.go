package property

import (
	"strings"
	"testing"
)

func TestGet(t *testing.T) {
	l := Of("Path", "first", "path", "second", "empty", "")
	for _, tt := range []struct {
		key, want string
		ok        bool
	}{
		{"path", "first", true},
		{"PATH", "first", true},
		{"pat", "", false},
		{"empty", "", false},
		{"absent", "", false},
	} {
		if got, ok := l.Get(tt.key); got != tt.want || ok != tt.ok {
			t.Errorf("Get(%q) = %q, %v, want %q, %v", tt.key, got, ok, tt.want, tt.ok)
		}
	}
	if got, _ := l.Last("path"); got != "second" {
		t.Errorf("Last(path) = %q, want second", got)
	}
}

func TestCheck(t *testing.T) {
	m := Map{{Name: "address"}, {Name: "metric.", Prefix: true}, {Name: "label", Multiple: true}}
	for _, tt := range []struct {
		name    string
		m       Map
		l       List
		wantErr string
	}{
		{name: "nothing", m: m},
		{name: "known, any case", m: m, l: Of("Address", ":0")},
		{name: "prefixed", m: m, l: Of("metric.a", "1", "metric.b", "2")},
		{name: "several times", m: m, l: Of("label", "1", "label", "2")},
		{name: "core's own", m: m, l: Of("active", "on", "condition", "x")},
		{
			name: "unknown", m: m, l: Of("adress", ":0"),
			wantErr: "[config] plug: unknown configuration property 'adress'. " +
				"The following properties are allowed: address, metric., and label.",
		},
		{
			name: "one key allowed", m: Map{{Name: "a"}}, l: Of("b", ""),
			wantErr: "[config] plug: unknown configuration property 'b'. The following properties are allowed: a.",
		},
		{name: "prefix alone", m: m, l: Of("metric.", "1"), wantErr: "unknown configuration property 'metric.'"},
		{
			name: "twice", m: m, l: Of("address", ":1", "address", ":2"),
			wantErr: "[config] plug: configuration property 'address' is set 2 times",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := tt.m.Check("plug", tt.l)
			if tt.wantErr == "" && err != nil {
				t.Fatal(err)
			}
			if tt.wantErr != "" && (err == nil || !strings.Contains(err.Error(), tt.wantErr)) {
				t.Fatalf("got %v, want %s", err, tt.wantErr)
			}
		})
	}
}

func TestReserved(t *testing.T) {
	for _, tt := range []struct {
		key           string
		output, input bool
	}{
		{"Match", true, false},
		{"tag", false, true},
		{"alias", true, true},
		{"LOG_LEVEL", true, true},
		{"listen", false, true},
		{"host", true, true},
		{"workers", true, false},
		{"tls", true, true},
		{"tls.verify", true, true},
		{"tlsx", false, false},
		{"net.keepalive", true, true},
		{"oauth2.enable", true, true},
		{"storage.type", false, true},
		{"storage.total_limit_size", true, false},
		{"path", false, false},
		{"listen_address", false, false},
	} {
		if got := ReservedOutput(tt.key); got != tt.output {
			t.Errorf("ReservedOutput(%q) = %v", tt.key, got)
		}
		if got := ReservedInput(tt.key); got != tt.input {
			t.Errorf("ReservedInput(%q) = %v", tt.key, got)
		}
	}
	rest := Of("match", "*", "path", "/metrics", "Retry_Limit", "5").Without(ReservedOutput)
	if len(rest) != 1 || rest[0].Key != "path" {
		t.Errorf("Without left %v", rest)
	}
}

func TestCheckNet(t *testing.T) {
	if err := Of("net.keepalive", "off", "path", "x").CheckNet("plug"); err != nil {
		t.Error(err)
	}
	if err := Of("Net.x", "off").CheckNet("plug"); err == nil {
		t.Error("net.x was accepted")
	}
}

func TestParse(t *testing.T) {
	l := Of("n", "12", "bad", "many", "on", "On", "half", "0.5")
	if n, err := l.Int("n", 1); n != 12 || err != nil {
		t.Error(n, err)
	}
	if n, err := l.Int("absent", 7); n != 7 || err != nil {
		t.Error(n, err)
	}
	if _, err := l.Int("bad", 3); err == nil || err.Error() != `bad="many" is not a whole number, as 3 is` {
		t.Error(err)
	}
	if b, err := l.Bool("on", false); !b || err != nil {
		t.Error(b, err)
	}
	if _, err := l.Bool("n", false); err == nil {
		t.Error("12 is no switch")
	}
	for s, ok := range map[string]bool{
		"1": true, "0.5": true, "0": false, "-1": false, "NaN": false, "1e9": false, "x": false,
	} {
		if _, err := ParseSeconds(s); (err == nil) != ok {
			t.Errorf("ParseSeconds(%q): %v", s, err)
		}
	}
}
