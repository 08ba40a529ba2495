package flb

import (
	"log/slog"
	"runtime/debug"
	"strings"
)

// Recover must be deferred by each exported function, because a panic would end the host. After a panic it sets *status
// to onPanic, and logs the panic with its stack. logger is called only then.
func Recover(logger func() *slog.Logger, version, export string, status *int32, onPanic int32) {
	cause := recover()
	if cause == nil {
		return
	}
	*status = onPanic
	log := logger()
	log.Error("panic in "+export+"; please report this bug", "panic", cause, "version", version)
	LogLines(log, string(debug.Stack()))
}

// LogLines logs each line of text as an error, such as a list of mistakes or a stack.
func LogLines(log *slog.Logger, text string) {
	for line := range strings.Lines(text) {
		log.Error(strings.TrimSpace(line))
	}
}
