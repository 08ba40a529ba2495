package pipeline

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/promexporter/promexporter/config"
)

const (
	// watchInterval is how often the rules file is polled. Comparing its content also detects the swapped links of a
	// Kubernetes ConfigMap.
	watchInterval = time.Second
	// maxRulesFile is the maximum size of a rules file in bytes.
	maxRulesFile = 1 << 20
)

// rulesFile is a rules file, which may change at any time. It is safe for concurrent use.
type rulesFile struct {
	name string // "" for none

	mu         sync.Mutex
	loadedText []byte // what read returned at the last load; guarded by mu
}

// source returns where the rules come from, for log lines.
func (f *rulesFile) source() string {
	if f.name == "" {
		return "default"
	}
	return absolute(f.name)
}

// absolute returns the whole path of a file, because few know the working directory of an agent.
func absolute(name string) string {
	if path, err := filepath.Abs(name); err == nil {
		return path
	}
	return name
}

// load reads and checks the current content of the file.
func (f *rulesFile) load() (*config.Rules, error) {
	text, err := f.read()
	f.mu.Lock()
	f.loadedText = text
	f.mu.Unlock()
	if err != nil {
		return nil, fmt.Errorf("rules_file: %w; write the path of a rules file", err)
	}
	return config.ParseRules(f.name, text)
}

// checkRules returns the mistakes in a rules file; "" means no file.
func checkRules(name string) error {
	if name == "" {
		return nil
	}
	_, err := (&rulesFile{name: name}).load()
	return err
}

// loaded returns the content that the last load read.
func (f *rulesFile) loaded() []byte {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.loadedText
}

// watch calls reload, which loads the file, whenever the file changed, until quit is closed.
func (f *rulesFile) watch(quit <-chan struct{}, reload func()) {
	tick := time.NewTicker(watchInterval)
	defer tick.Stop()
	var seen []byte
	for {
		select {
		case <-quit:
			return
		case <-tick.C:
			seen = f.poll(seen, reload)
		}
	}
}

// poll returns the content of the file. It calls reload if the content differs from the loaded one and is equal to
// seen, the content at the last poll: a file that is being written is not loaded.
func (f *rulesFile) poll(seen []byte, reload func()) (now []byte) {
	now, _ = f.read()
	if seen != nil && bytes.Equal(now, seen) && !bytes.Equal(now, f.loaded()) {
		reload()
	}
	return now
}

// read reads the file. If the file cannot be read, the text is that of the error. This way the error is a change of the
// content, and is logged once.
func (f *rulesFile) read() ([]byte, error) {
	text, err := readFile(f.name)
	if err != nil {
		text = []byte(err.Error())
	}
	return text, err
}

// readFile reads a regular file of at most maxRulesFile bytes. It refuses other files because reading a pipe could
// block. Its errors have the absolute path.
func readFile(name string) ([]byte, error) {
	name = absolute(name)
	if is, err := os.Stat(name); err == nil && !is.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: not a regular file", name)
	}
	f, err := os.Open(name)
	if at, ok := errors.AsType[*os.PathError](err); ok {
		return nil, fmt.Errorf("%s: %w", at.Path, at.Err)
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxRulesFile+1))
	if err != nil {
		return nil, err
	}
	if len(text) > maxRulesFile {
		return nil, fmt.Errorf("%s: larger than %d bytes", name, maxRulesFile)
	}
	return text, nil
}
