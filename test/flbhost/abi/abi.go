// Package abi describes what Fluent Bit shares with its Go plugins: the structs, in the C header abi.h, and how much of
// them each version has. The loader of the development host and the unit tests of package flb are built from it; flb
// itself is not, so that the plugin's own layouts are tested against others.
package abi

import (
	_ "embed"
	"fmt"
	"strings"
)

// Header is abi.h.
//
//go:embed abi.h
var Header []byte

// Version is a range of Fluent Bit releases in which plugins see the same structs and calls.
type Version struct {
	Name       string // of a release in the range
	DefMembers int    // members of struct flb_plugin_proxy_def
	DefZeroed  bool   // whether that struct starts as zeros instead of as garbage
	APIMembers int    // functions in struct flb_api

	Phases        bool // calls PreRegister, PreRun and PreExit, and reloads
	Milliseconds  bool // are in log lines
	Inputs        bool // may be written in Go
	InputContexts bool // callbacks of inputs get the context of their section
	InputFailures bool // an input that fails to start ends the start; before, the agent continues with freed memory
}

// Versions are all layouts, oldest first.
var Versions = []Version{
	{Name: "1.9", DefMembers: 5, APIMembers: 1},
	{Name: "3.2", DefMembers: 5, APIMembers: 7, Phases: true, Inputs: true},
	{Name: "4.0.3", DefMembers: 5, APIMembers: 9, Phases: true, Inputs: true, InputFailures: true},
	{Name: "4.1", DefMembers: 5, APIMembers: 9, Phases: true, Inputs: true, InputContexts: true, InputFailures: true},
	{Name: "5.0", DefMembers: 6, DefZeroed: true, APIMembers: 9, Phases: true, Inputs: true, InputContexts: true,
		InputFailures: true},
	{Name: "5.1", DefMembers: 7, DefZeroed: true, APIMembers: 9, Phases: true, Milliseconds: true, Inputs: true,
		InputContexts: true, InputFailures: true},
}

// Arguments returns the arguments of the loader for this version, in the order of its struct version.
func (v Version) Arguments() []string {
	return strings.Fields(fmt.Sprint(v.DefMembers, v.DefZeroed, v.APIMembers, v.Phases, v.Milliseconds, v.Inputs,
		v.InputContexts, v.InputFailures))
}

// Of returns the version of that name.
func Of(name string) (Version, error) {
	var names []string
	for _, v := range Versions {
		if v.Name == name {
			return v, nil
		}
		names = append(names, v.Name)
	}
	return Version{}, fmt.Errorf("unknown version %q of Fluent Bit; use one of %s", name, strings.Join(names, ", "))
}
