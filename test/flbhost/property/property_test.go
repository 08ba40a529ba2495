package property

import (
	"strings"
	"testing"
)

func TestLast(t *testing.T) {
	l := Of("Path", "first", "path", "second", "empty", "")
	for _, tt := range []struct {
		key, want string
		ok        bool
	}{
		{"path", "second", true},
		{"PATH", "second", true},
		{"pat", "", false},
		{"empty", "", false},
		{"absent", "", false},
	} {
		if got, ok := l.Last(tt.key); got != tt.want || ok != tt.ok {
			t.Errorf("Last(%q) = %q, %v, want %q, %v", tt.key, got, ok, tt.want, tt.ok)
		}
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
		{
			name: "unknown", m: m, l: Of("adress", ":0"),
			wantErr: "[config] plug: unknown configuration property 'adress'",
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

func TestParseBool(t *testing.T) {
	for text, want := range map[string]bool{"true": true, "On": true, "yes": true, "FALSE": false, "off": false, "no": false} {
		if got, err := ParseBool(text); got != want || err != nil {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
	if _, err := ParseBool("12"); err == nil {
		t.Error("12 is a switch")
	}
}
