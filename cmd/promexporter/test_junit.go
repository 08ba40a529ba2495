package main

import (
	"encoding/xml"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/promexporter/promexporter/cases"
)

// What follows is the part of JUnit's XML that CI systems read.
type (
	junitSuites struct {
		XMLName xml.Name `xml:"testsuites"`
		junitCounts
		Suites []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name string `xml:"name,attr"`
		junitCounts
		Cases []junitCase `xml:"testcase"`
	}
	junitCounts struct {
		Tests    int    `xml:"tests,attr"`
		Failures int    `xml:"failures,attr"`
		Errors   int    `xml:"errors,attr"` // always 0: what is wrong with a file is a failure too
		Time     string `xml:"time,attr"`
	}
	junitCase struct {
		Name    string        `xml:"name,attr"`
		Class   string        `xml:"classname,attr"`
		Time    string        `xml:"time,attr"`
		Failure *junitFailure `xml:"failure,omitempty"`
	}
	junitFailure struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr"`
		Text    string `xml:",chardata"`
	}
)

func junitTime(d time.Duration) string { return fmt.Sprintf("%.3f", d.Seconds()) }

func (r *testRun) writeJUnit(path string) error {
	var out junitSuites
	var total time.Duration
	r.results(func(file *cases.File, name string, _ int, duration time.Duration, wrong []string) {
		if n := len(out.Suites); n == 0 || out.Suites[n-1].Name != file.Path {
			suite := junitSuite{Name: file.Path, junitCounts: junitCounts{Time: junitTime(file.Duration)}}
			out.Suites = append(out.Suites, suite)
			total += file.Duration
		}
		suite := &out.Suites[len(out.Suites)-1]
		c := junitCase{Name: name, Class: filepath.Base(file.Path), Time: junitTime(duration)}
		suite.Tests++
		out.Tests++
		if len(wrong) > 0 {
			suite.Failures++
			out.Failures++
			c.Failure = &junitFailure{wrong[0], "test", strings.Join(wrong, "\n")}
		}
		suite.Cases = append(suite.Cases, c)
	})
	out.Time = junitTime(total)
	text, err := xml.MarshalIndent(out, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append([]byte(xml.Header), append(text, '\n')...), 0o644)
}
