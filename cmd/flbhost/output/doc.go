// Package output is the development host's own outputs: stdout prints chunks as Fluent Bit does, and null drops them.
package output
