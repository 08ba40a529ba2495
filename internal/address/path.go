package address

import (
	"errors"
	"fmt"
	"strings"
)

// A Path is the path of a metrics page, such as "/metrics".
type Path string

// maxPath is the maximum length of a path in bytes.
const maxPath = 256

// ParsePath parses the path of a metrics page. It allows only characters that need no escaping, because an escaped path
// would be a second spelling of the same page. The error says what is wrong and what would be right.
func ParsePath(s string) (Path, error) {
	switch {
	case !strings.HasPrefix(s, "/"):
		return "", errors.New("does not start with a slash; write a path such as /metrics")
	case len(s) > maxPath:
		return "", fmt.Errorf("longer than %d bytes; choose a shorter path", maxPath)
	case s == "/-" || strings.HasPrefix(s, "/-/"):
		return "", errors.New("paths below /-/ are reserved for health and readiness; choose another path")
	case strings.Contains(s, "?"):
		return "", errors.New("contains a query; remove ? and everything after it")
	case strings.Contains(s, "#"):
		return "", errors.New("contains a fragment; remove # and everything after it")
	}
	for _, r := range s {
		if notPlain(r) && !strings.ContainsRune("-.~/", r) {
			return "", fmt.Errorf("the character %q is not allowed; use letters, digits and any of -._~/", r)
		}
	}
	for segment := range strings.SplitSeq(strings.TrimSuffix(s[1:], "/"), "/") {
		if segment == "." || segment == ".." || segment == "" && s != "/" {
			return "", errors.New("has an empty, . or .. segment, which clients remove; write the path without it")
		}
	}
	return Path(s), nil
}
