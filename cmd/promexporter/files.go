package main

import (
	"errors"
	"fmt"
	"os"
)

// What would be right for a file that cannot be used.
const (
	wantRules   = "write the path of a rules file"
	wantConf    = "write the path of a configuration of Fluent Bit"
	wantRecords = "write the path of a file with records, or - for stdin"
	wantPEM     = "write the path of a file in PEM format"
)

// fileError says where a file was named, by a flag or a key, and what would be right. named is "" for an argument. An
// error that is not about opening or reading a file has its place already, and is returned as it is.
func fileError(named string, err error, right string) error {
	at, ok := errors.AsType[*os.PathError](err)
	if !ok {
		return err
	}
	if named != "" {
		named += " "
	}
	return fmt.Errorf("%s%s: %w; %s", named, at.Path, at.Err, right)
}

// readFile reads the file that a flag names.
func readFile(flag, path, right string) ([]byte, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fileError(flag, err, right)
	}
	return text, nil
}
