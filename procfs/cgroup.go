package procfs

import (
	"bytes"
	"strings"
)

// parseCgroup returns the path of a process in a cgroup file. It is that of cgroup v2. Where a machine has both
// versions, processes may be in the root of v2: then it is the first other one of v1. Each line is ID:CONTROLLERS:PATH.
func parseCgroup(b []byte) (path []byte, ok bool) {
	for len(b) > 0 {
		line, rest, whole := bytes.Cut(b, []byte("\n"))
		_, controllers, _ := bytes.Cut(line, []byte(":"))
		controllers, p, is := bytes.Cut(controllers, []byte(":"))
		if !whole || !is || len(p) == 0 || p[0] != '/' {
			return nil, false
		}
		if path == nil || len(path) == 1 || len(controllers) == 0 && len(p) > 1 {
			path = p
		}
		b = rest
	}
	return path, path != nil
}

// containerID returns the id of the innermost container that a cgroup belongs to, or "". Docker, containerd, CRI-O and
// Podman name a cgroup after it: ID, PREFIX-ID.scope or PREFIX:ID. The id has 64 hexadecimal digits; on AWS Fargate, 32
// and a decimal number.
func containerID(cgroup string) string {
	for {
		slash := strings.LastIndexByte(cgroup, '/')
		name := strings.TrimSuffix(cgroup[slash+1:], ".scope")
		if strings.Contains(name, "conmon") { // CRI-O and Podman run this program for a container, outside of it
			return ""
		}
		if id := name[strings.LastIndexAny(name, "-:")+1:]; len(id) == 64 && isHex(id) {
			return id
		}
		if isFargate(name) {
			return name
		}
		if slash < 0 {
			return ""
		}
		cgroup = cgroup[:slash]
	}
}

func isFargate(name string) bool {
	task, number, ok := strings.Cut(name, "-")
	return ok && len(task) == 32 && isHex(task) && number != "" && strings.Trim(number, "0123456789") == ""
}

func isHex(s string) bool { return strings.Trim(s, "0123456789abcdef") == "" }
