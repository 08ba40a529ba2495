package exporter

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestRepeats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out logged
		var r repeats
		for i := range 90 {
			r.warn(out.log(), fmt.Errorf("error %d", i), "failed", "path", "/a")
			r.warn(out.log(), nil, "failed", "path", "/b")
			time.Sleep(time.Second)
		}
		const want = `level=WARN msg=failed path=/a error="error 0"
level=WARN msg=failed path=/b
level=WARN msg=failed path=/a error="error 60" suppressed=59
level=WARN msg=failed path=/b suppressed=59
`
		if out.String() != want {
			t.Errorf("got\n%s\nwant\n%s", out.String(), want)
		}
	})
}

func TestRepeatsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out logged
		var r repeats
		for i := range 10 * maxRepeats {
			r.warn(out.log(), nil, fmt.Sprint(i))
		}
		if got := strings.Count(out.String(), "\n"); got != maxRepeats || len(r.lines) != maxRepeats {
			t.Errorf("%d lines, %d remembered", got, len(r.lines))
		}
		time.Sleep(repeatInterval)
		r.warn(out.log(), nil, "new")
		if !strings.HasSuffix(out.String(), "msg=new\n") || len(r.lines) != 1 {
			t.Errorf("%d remembered\n%s", len(r.lines), out.String())
		}
	})
}

func TestLogLinesAreShort(t *testing.T) {
	got := oneLine(errors.Join(errors.New("a"), errors.New("b\r\n\nc")).Error())
	if got != "a; b; c" {
		t.Errorf("got %q", got)
	}
	if got := oneLine(strings.Repeat("ä", 5000)); len(got) > 1030 || strings.ContainsRune(got, '\uFFFD') {
		t.Errorf("%d bytes", len(got))
	}
}
