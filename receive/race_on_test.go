//go:build race

package receive_test

const raceDetector = true
