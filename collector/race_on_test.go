//go:build race

package collector_test

const raceDetector = true
