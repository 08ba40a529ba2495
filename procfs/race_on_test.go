//go:build race

package procfs

const raceDetector = true
