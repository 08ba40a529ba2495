//go:build !race

package rule_test

const raceDetector = false
