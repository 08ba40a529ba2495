package config

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// sizeUnits are in lower case. As in Fluent Bit, k, m and g are powers of 1000.
var sizeUnits = map[string]int64{
	"": 1, "b": 1,
	"k": 1e3, "kb": 1e3, "ki": 1 << 10, "kib": 1 << 10,
	"m": 1e6, "mb": 1e6, "mi": 1 << 20, "mib": 1 << 20,
	"g": 1e9, "gb": 1e9, "gi": 1 << 30, "gib": 1 << 30,
}

// parseSize parses a number of bytes with an optional unit, such as 512MiB, 512M or 536870912.
func parseSize(s string) (int64, error) {
	unit := strings.TrimLeft(s, "0123456789")
	n, err := strconv.ParseInt(s[:len(s)-len(unit)], 10, 64)
	if err != nil {
		return 0, errors.New("not a whole number of bytes")
	}
	factor, ok := sizeUnits[strings.ToLower(strings.TrimSpace(unit))]
	if !ok {
		return 0, errors.New("its unit " + quote(unit) + " is not one of K, M, G, KiB, MiB and GiB")
	}
	if n > math.MaxInt64/factor {
		return math.MaxInt64, nil
	}
	return n * factor, nil
}

// Bounds of series_memory_limit. The minimum suffices for the metrics of one machine.
const (
	minSeriesMemory = 1 << 20
	maxSeriesMemory = 1 << 40
)

func readSeriesMemory(c *Config, value string) error {
	n, err := parseSize(value)
	if err != nil {
		return err
	}
	if n < minSeriesMemory || n > maxSeriesMemory {
		return fmt.Errorf("not from 1MiB to 1024GiB")
	}
	c.SeriesMemory = n
	return nil
}
