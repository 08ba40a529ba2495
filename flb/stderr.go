package flb

import (
	"fmt"
	"syscall"
	"time"
)

// maxLine is what a pipe takes in one piece (PIPE_BUF), and about what the host's own lines are cut to.
const maxLine = 4096

// formatLine returns a line as the host's logger writes it.
func formatLine(l level, at time.Time, text string) []byte {
	line := fmt.Appendf(nil, "[%s] [%5s] %s", at.Format("2006/01/02 15:04:05"), levelNames[l], text)
	if len(line) >= maxLine {
		line = line[:maxLine-1]
	}
	return append(line, '\n')
}

// writeStderr writes by the bare system call: os.Stderr would end the process when fd 2 is a pipe that nobody reads. A
// line that cannot be written is lost; there is nowhere left to say so.
func writeStderr(line []byte) {
	for {
		if _, err := syscall.Write(2, line); err != syscall.EINTR {
			return
		}
	}
}
