package procfs

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"
)

// users names users by a file in the form of passwd(5), which it reads again when the file changes. It asks no name
// service: that may block, and inside of a container it would name the users of the container.
type users struct {
	path     string
	modified time.Time
	size     int64
	names    map[uint32]string // and of users without a name, their number
}

// maxPasswd is the longest file that is read: half a million users.
const maxPasswd = 32 << 20

// refresh reads the file if it is another one than before.
func (u *users) refresh() error {
	info, err := os.Stat(u.path)
	if err != nil {
		return err
	}
	if u.names != nil && info.ModTime().Equal(u.modified) && info.Size() == u.size {
		return nil
	}
	if !info.Mode().IsRegular() {
		return errors.New("not a regular file")
	}
	names, err := readPasswd(u.path)
	if err == nil {
		u.names, u.modified, u.size = names, info.ModTime(), info.Size()
	}
	return err
}

func readPasswd(path string) (map[uint32]string, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	b, err := io.ReadAll(io.LimitReader(file, maxPasswd+1))
	if err != nil {
		return nil, err
	}
	if len(b) > maxPasswd {
		return nil, fmt.Errorf("longer than %d bytes", maxPasswd)
	}
	return parsePasswd(b), nil
}

// parsePasswd reads lines NAME:PASSWORD:UID:GID:... and skips others. The first of several names of a user counts, as
// in the C library.
func parsePasswd(b []byte) map[uint32]string {
	names := make(map[uint32]string)
	for line := range bytes.Lines(b) {
		fields := bytes.SplitN(line, []byte(":"), 4)
		if len(fields) < 4 || len(fields[0]) == 0 {
			continue
		}
		uid, err := strconv.ParseUint(string(fields[2]), 10, 32)
		if _, taken := names[uint32(uid)]; err == nil && !taken {
			names[uint32(uid)] = strings.ToValidUTF8(string(fields[0]), "\uFFFD")
		}
	}
	return names
}

// name returns the name of a user, or its number where it has none, as ps does.
func (u *users) name(uid uint32) string {
	name, ok := u.names[uid]
	if !ok && u.names != nil {
		name = strconv.FormatUint(uint64(uid), 10)
		u.names[uid] = name
	}
	return name
}
