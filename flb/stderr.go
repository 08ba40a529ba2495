package flb

import (
	"fmt"
	"syscall"
	"time"
)

// maxLine is the number of bytes that a pipe takes atomically (PIPE_BUF), and about the limit of the host's own lines.
const maxLine = 4096

// formatLine returns a line in the format of the host's logger.
func formatLine(l level, at time.Time, text string) []byte {
	line := fmt.Appendf(nil, "[%s] [%5s] %s", at.Format("2006/01/02 15:04:05"), levelNames[l], text)
	if len(line) >= maxLine {
		line = line[:maxLine-1]
	}
	return append(line, '\n')
}

// writeStderr writes a line with a plain system call, because os.Stderr would end the process if fd 2 is a pipe without
// a reader. A line that cannot be written is lost.
func writeStderr(line []byte) {
	for {
		if _, err := syscall.Write(2, line); err != syscall.EINTR {
			return
		}
	}
}
