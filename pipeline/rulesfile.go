package pipeline

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/promexporter/promexporter/config"
)

const (
	// watchInterval is how often the rules file is looked at. It is read and
	// compared, which also notices the swapped links of a Kubernetes ConfigMap.
	watchInterval = time.Second
	// maxRulesFile bounds the bytes of a rules file that are read.
	maxRulesFile = 1 << 20
)

// rulesFile is a file of rules, which may change at any time. It is safe for
// concurrent use.
type rulesFile struct {
	name string // "" for none

	mu         sync.Mutex
	loadedText []byte // what read gave when the rules were last loaded; guarded by mu
}

// source names where the rules come from in log lines.
func (f *rulesFile) source() string {
	if f.name == "" {
		return "default"
	}
	return f.name
}

// load reads and checks the file as it is now.
func (f *rulesFile) load() (*config.Rules, error) {
	text, err := f.read()
	f.mu.Lock()
	f.loadedText = text
	f.mu.Unlock()
	if err != nil {
		return nil, fmt.Errorf("rules_file: %w", err)
	}
	return config.ParseRules(f.name, text)
}

// checkRules says what is wrong with a rules file, "" for none.
func checkRules(name string) error {
	if name == "" {
		return nil
	}
	_, err := (&rulesFile{name: name}).load()
	return err
}

// loaded returns what the last load read.
func (f *rulesFile) loaded() []byte {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.loadedText
}

// watch calls reload, which loads the file, when the file changed, until quit is
// closed.
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

// poll calls reload when the file holds something new and held the same the last time,
// so that a file is not loaded while it is being written. It returns what the file
// holds.
func (f *rulesFile) poll(seen []byte, reload func()) (now []byte) {
	now, _ = f.read()
	if seen != nil && bytes.Equal(now, seen) && !bytes.Equal(now, f.loaded()) {
		reload()
	}
	return now
}

// read reads the file. The text of a file that cannot be read is that of the error, so
// that this is noticed, and told once, as a change is.
func (f *rulesFile) read() ([]byte, error) {
	text, err := readFile(f.name)
	if err != nil {
		text = []byte(err.Error())
	}
	return text, err
}

// readFile reads the whole of a file that is not larger than maxRulesFile. A pipe
// would keep it waiting.
func readFile(name string) ([]byte, error) {
	if is, err := os.Stat(name); err == nil && !is.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: not a file", name)
	}
	f, err := os.Open(name)
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
