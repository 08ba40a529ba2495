package procfs

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func mustCompile(t *testing.T, expression string) *regexp.Regexp {
	t.Helper()
	re, err := regexp.Compile(expression)
	if err != nil {
		t.Fatal(err)
	}
	return re
}

const (
	id1 = "3f4e0123456789abcdef0123456789abcdef0123456789abcdef0123456789ab"
	id2 = "aaaa0123456789abcdef0123456789abcdef0123456789abcdef0123456789ab"
)

func TestParseCgroup(t *testing.T) {
	for text, want := range map[string]string{
		"0::/user.slice/session-1.scope\n": "/user.slice/session-1.scope",
		"0::/\n":                           "/",
		"9:name=systemd:/\n4:memory:/a/b\n1:cpu:/c\n0::/\n": "/a/b",
		"9:name=systemd:/s\n4:memory:/a/b\n0::/u\n":         "/u",
		"0::/../../kubepods/x\n":                            "/../../kubepods/x",
		"0::/a:b:c\n":                                       "/a:b:c",
		"12:cpu,cpuacct:/docker/1\n11:memory:/\n":           "/docker/1",
		"0::/a":  "",
		"0::\n":  "",
		"x\n":    "",
		"0::a\n": "",
		"":       "",
	} {
		got, ok := parseCgroup([]byte(text))
		if string(got) != want || ok != (want != "") {
			t.Errorf("%q: %q, %v, want %q", text, got, ok, want)
		}
	}
}

func TestContainerID(t *testing.T) {
	const fargate = "0123456789abcdef0123456789abcdef-1234567890"
	for cgroup, want := range map[string]string{
		"/docker/" + id1:                         id1,
		"/system.slice/docker-" + id1 + ".scope": id1,
		"/docker/" + id1 + "/init.scope":         id1,
		"/kubepods/burstable/pod0e1f-2a/" + id1:  id1,
		"/kubepods.slice/kubepods-pod0e1f_2a.slice/cri-containerd-" + id1 + ".scope":  id1,
		"/system.slice/containerd.service/kubepods-pod0e.slice:cri-containerd:" + id1: id1,
		"/kubepods.slice/kubepods-pod0e.slice/crio-" + id1 + ".scope":                 id1,
		"/kubepods.slice/kubepods-pod0e.slice/crio-conmon-" + id1 + ".scope":          "",
		"/machine.slice/libpod-" + id1 + ".scope/container":                           id1,
		"/machine.slice/libpod-conmon-" + id1 + ".scope":                              "",
		"/docker/" + id1 + "/kubelet/kubepods/pod7/" + id2:                            id2,
		"/ecs/0123456789abcdef0123456789abcdef/" + id1:                                id1,
		"/ecs/0123456789abcdef0123456789abcdef/" + fargate:                            fargate,
		"/../../" + id1: id1,
		"/user.slice/user-1000.slice/session-3.scope": "",
		"/docker/" + strings.ToUpper(id1):             "",
		"/docker/" + id1[1:]:                          "",
		"/docker/" + id1 + "0":                        "",
		"/":                                           "",
		"":                                            "",
	} {
		if got := containerID(cgroup); got != want {
			t.Errorf("%s: %q, want %q", cgroup, got, want)
		}
	}
}

// TestCmdlineLength has a Java program with a long class path before its main class. The last byte is the NUL that ends
// the arguments.
func TestCmdlineLength(t *testing.T) {
	classPath := strings.Repeat("/opt/kafka/libs/some-library-1.2.3.jar:", 260)
	kafka := []string{"/usr/bin/java", "-Xmx1g", "-cp", classPath, "kafka.Kafka", "config/server.properties"}
	whole := strings.Join(kafka, " ")
	for length, want := range map[int]string{
		64:             whole[:29] + "..." + whole[len(whole)-31:],
		65:             whole[:30] + "..." + whole[len(whole)-31:],
		4096:           whole[:2045] + "..." + whole[len(whole)-2047:],
		len(whole) + 1: whole, // it ends with a NUL
		1 << 16:        whole,
	} {
		tree := newFakeTree(t)
		tree.process(fake{pid: 5, name: "java", cmdline: kafka})
		r := newRig(t, Choice{Path: tree.path, Fields: Cmdline, CmdlineLength: length})
		if got := r.only(r.round(0)).Details.Cmdline; got != want {
			t.Errorf("%d bytes of %d: %d bytes, %.80q, want %.80q", length, len(whole), len(got), got, want)
		}
	}
}

// TestCmdlineOfCharacters cuts a line anywhere in characters of several bytes.
func TestCmdlineOfCharacters(t *testing.T) {
	tree := newFakeTree(t)
	for blanks := range 8 {
		tree.process(fake{pid: 5, name: "x", cmdline: []string{strings.Repeat(" ", blanks) + strings.Repeat("日𝄞é", 30)}})
		for length := 64; length < 72; length++ {
			r := newRig(t, Choice{Path: tree.path, Fields: Cmdline, CmdlineLength: length})
			got := r.only(r.round(0)).Details.Cmdline
			if strings.ContainsRune(got, utf8.RuneError) || len(got) > length || len(got) < length-7 || strings.Count(got, "...") != 1 {
				t.Errorf("%d bytes: %d, %q", length, len(got), got)
			}
		}
	}
}

func TestTextFilters(t *testing.T) {
	tree := newFakeTree(t)
	for pid, exe := range []string{"/usr/sbin/nginx", "/usr/bin/java", "/usr/bin/sh (deleted)", ""} {
		f := fake{pid: pid + 1, name: fmt.Sprint("p", pid), start: 5, cmdline: []string{"run", fmt.Sprint("--number=", pid)}}
		tree.process(f)
		tree.write(fmt.Sprint(f.pid, "/cgroup"), []string{"0::/docker/" + id1, "0::/system.slice/a.service", "0::/docker/" + id2, "0::/"}[pid]+"\n")
		if exe != "" {
			if err := os.Symlink(exe, filepath.Join(tree.path, fmt.Sprint(f.pid), "exe")); err != nil {
				t.Fatal(err)
			}
		}
	}
	owner := fmt.Sprint(os.Geteuid())
	tree.write("passwd", "# a comment\nme:x:"+owner+":0\nother:x:"+owner+":0\nnobody:x:65534:65534:::\n")
	for text, want := range map[string][]int32{
		"include_cmdline=number=[12]":                                {2, 3},
		"exclude_cmdline=^run --number=0$":                           {2, 3, 4},
		"include_exe=^/usr/bin/":                                     {2, 3},
		`exclude_exe=\(deleted\)$`:                                   {1, 2, 4},
		"include_user=^me$":                                          {1, 2, 3, 4},
		"exclude_user=^me$":                                          nil,
		"include_cgroup=^/docker/":                                   {1, 3},
		"exclude_cgroup=^/docker/":                                   {2, 4},
		"include_container_id=.":                                     {1, 3},
		"include_container_id=^aaaa":                                 {3},
		"exclude_container_id=.":                                     {2, 4},
		"include_cgroup=a.service|docker\nexclude_container_id=a{4}": {1, 2},
		"include=p[012]\ninclude_exe=bin\nexclude_cmdline=1":         {1, 3},
		"include_user=me\ninclude_container_id=.\ncgroup=on":         {1, 3},
	} {
		if strings.Contains(text, "user") {
			text += "\npasswd_file=" + filepath.Join(tree.path, "passwd")
		}
		in, _ := openInput(t, "interval_sec=1\npath="+tree.path+"\n"+text)
		for second := range 2 {
			events := collect(t, in, time.Now().Add(time.Duration(second)*time.Second))
			var got []int32
			for _, e := range events {
				got = append(got, int32(e.record["pid"].(int64)))
				if _, ok := e.record["cgroup"]; ok != strings.Contains(text, "cgroup=on") || e.record["user"] != nil || e.record["exe"] != nil {
					t.Errorf("%q: a record has what nobody asked for: %v", text, slices.Sorted(maps.Keys(e.record)))
				}
			}
			if !slices.Equal(got, want) {
				t.Errorf("%q: processes %v in round %d, want %v", text, got, second, want)
			}
		}
	}
}

// TestNewTexts has a process that execs another program: it stays the same one, and is chosen again.
func TestNewTexts(t *testing.T) {
	tree := newFakeTree(t)
	p := fake{pid: 5, name: "x", user: 10, start: 1000, cmdline: []string{"sh"}}
	tree.detailed(p)
	r := newRig(t, Choice{Path: tree.path, Fields: Cgroup | ContainerID | Cmdline | PageFaults,
		Filters: Filters{Cmdline: Filter{Include: regexp.MustCompile("^nginx")}}})
	if round := r.round(0); len(round.Processes) != 0 {
		t.Errorf("not chosen and there: %+v", round.Processes)
	}
	p.user, p.cmdline = 25, []string{"nginx", "-g"}
	tree.detailed(p)
	r.round(time.Second)
	tree.write("5/cgroup", "0::/docker/"+id1+"\n")
	got := r.only(r.round(time.Second))
	if d := got.Details; d.Cmdline != "nginx -g" || d.Cgroup != "/docker/"+id1 || d.ContainerID != id1 || got.Elapsed != time.Second {
		t.Errorf("got %+v, %+v", got, d)
	}
	p.cmdline = []string{"sh"}
	tree.detailed(p)
	if round := r.round(time.Second); len(round.Processes) != 0 {
		t.Errorf("not chosen and there: %+v", round.Processes)
	}
}

func TestUsers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "passwd")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	u := users{path: path}
	if err := u.refresh(); err == nil || u.name(5) != "" {
		t.Errorf("%v, %q", err, u.name(5))
	}
	write("root:x:0:0::/:/bin/sh\n+::::::\n\n:x:7:\nb\xffd:x:8:8\nlong:x:4294967296:0\nx:x:-1:0\nfirst:x:9:9\nsecond:x:9:9\nlast:x:10:10:")
	for range 2 {
		if err := u.refresh(); err != nil {
			t.Fatal(err)
		}
		for uid, want := range map[uint32]string{0: "root", 7: "7", 8: "b\uFFFDd", 9: "first", 10: "last", 4294967295: "4294967295"} {
			if got := u.name(uid); got != want {
				t.Errorf("user %d is %q, want %q", uid, got, want)
			}
		}
	}
	write("seven:x:7:7:\n")
	if err := u.refresh(); err != nil || u.name(7) != "seven" || u.name(0) != "0" {
		t.Errorf("%v, %q, %q", err, u.name(7), u.name(0))
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := u.refresh(); err == nil || u.name(7) != "seven" {
		t.Errorf("%v, %q", err, u.name(7))
	}
	if err := os.Mkdir(path, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := u.refresh(); err == nil || !strings.HasSuffix(err.Error(), "not a regular file") {
		t.Error(err)
	}
}
