package address

import (
	"errors"
	"fmt"
	"strings"
)

// A Path is the path of a metrics page, such as "/metrics".
type Path string

// maxPath bounds a path in bytes.
const maxPath = 256

// ParsePath reads the path of a metrics page. Only characters that need no escaping are allowed, because an escaped
// path would be a second spelling of the same page. The error says what is wrong.
func ParsePath(s string) (Path, error) {
	switch {
	case !strings.HasPrefix(s, "/"):
		return "", errors.New("does not start with a slash")
	case len(s) > maxPath:
		return "", fmt.Errorf("longer than %d bytes", maxPath)
	case s == "/-" || strings.HasPrefix(s, "/-/"):
		return "", errors.New("paths below /-/ are reserved for health and readiness")
	case strings.Contains(s, "?"):
		return "", errors.New("a query does not belong to the path")
	case strings.Contains(s, "#"):
		return "", errors.New("a fragment does not belong to the path")
	}
	for _, r := range s {
		if notPlain(r) && !strings.ContainsRune("-.~/", r) {
			return "", fmt.Errorf("the character %q is not allowed; letters, digits and any of -._~/ are", r)
		}
	}
	for segment := range strings.SplitSeq(strings.TrimSuffix(s[1:], "/"), "/") {
		if segment == "." || segment == ".." || segment == "" && s != "/" {
			return "", errors.New("has an empty, . or .. segment, which clients remove")
		}
	}
	return Path(s), nil
}
