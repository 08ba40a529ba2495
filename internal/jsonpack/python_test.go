package jsonpack

import "testing"

// TestAppendPython has what Python prints of these bytes.
func TestAppendPython(t *testing.T) {
	for in, want := range map[string]string{
		"\x92\xd7\x00\x62\x0a\x35\xc6\x35\x05\x14\xac\x81\xa5cpu_p\xcb\x3f\xc8\x00\x00\x00\x00\x00\x00": `(ExtType(code=0, data=b'b\n5\xc65\x05\x14\xac'), {'cpu_p': 0.1875})`,
		"\x91\x01":                             `(1,)`,
		"\x90":                                 `()`,
		"\x94\xc0\xc2\xc3\xff":                 `(None, False, True, -1)`,
		"\xa4it's":                             `"it's"`,
		"\xa3'\"\\":                            `'\'"\\'`,
		"\xa4\xc3\xa9\n\x00":                   `'é\n\x00'`,
		"\xa3\xe2\x80\xa8":                     `'\u2028'`,
		"\xc4\x02\xff'":                        `b"\xff'"`,
		"\xcb\x40\x00\x00\x00\x00\x00\x00\x00": `2.0`,
		"\xcb\x44\xb5\x2d\x02\xc7\xe1\x4a\xf6": `1e+23`,
		"\xcb\x3e\xe4\xf8\xb5\x88\xe3\x68\xf1": `1e-05`,
		"\xcb\x7f\xf0\x00\x00\x00\x00\x00\x00": `inf`,
		"\xcb\xff\xf0\x00\x00\x00\x00\x00\x00": `-inf`,
		"\xcb\x7f\xf8\x00\x00\x00\x00\x00\x00": `nan`,
		"\xd6\xff\x00\x00\x00\x05":             `Timestamp(seconds=5, nanoseconds=0)`,
		"\xc7\x03\x07abc":                      `ExtType(code=7, data=b'abc')`,
	} {
		got, _, err := AppendPython(nil, []byte(in))
		if err != nil || string(got) != want {
			t.Errorf("%x: %s, %v, want %s", in, got, err, want)
		}
	}
}
