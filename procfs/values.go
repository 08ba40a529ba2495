package procfs

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

func readInt(value string, least, most int64) (int64, error) {
	n, err := strconv.ParseInt(value, 10, 64)
	if errors.Is(err, strconv.ErrSyntax) {
		return 0, errors.New("not a whole number")
	}
	if err != nil || n < least || n > most {
		return 0, fmt.Errorf("not from %d to %d", least, most)
	}
	return n, nil
}

func readFormat(s *settings, value string) error {
	switch strings.ToLower(value) {
	case "process":
	case "wide":
		s.Wide = true
	default:
		return errors.New("neither process nor wide")
	}
	return nil
}

func readRegexp(value string, into **regexp.Regexp) (err error) {
	*into, err = regexp.Compile(value)
	return err
}

func readField(s *settings, value string, field Fields) error {
	on, err := readSwitch(value)
	if on {
		s.Fields |= field
	}
	return err
}

// readPIDs returns the numbers in order, each once.
func readPIDs(value string) ([]int32, error) {
	var pids []int32
	for _, field := range strings.FieldsFunc(value, func(r rune) bool { return r == ',' || unicode.IsSpace(r) }) {
		pid, ok := parsePID([]byte(field))
		if !ok {
			return nil, fmt.Errorf("%q is not the number of a process", field)
		}
		pids = append(pids, pid)
	}
	if pids == nil {
		return nil, errors.New("it holds no number")
	}
	slices.Sort(pids)
	return slices.Compact(pids), nil
}

// readSwitch reads the words that Fluent Bit takes for yes and no.
func readSwitch(value string) (bool, error) {
	switch strings.ToLower(value) {
	case "on", "true", "yes", "1":
		return true, nil
	case "off", "false", "no", "0":
		return false, nil
	}
	return false, errors.New("neither on nor off")
}
