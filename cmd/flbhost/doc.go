// Command flbhost is a small stand-in for Fluent Bit, for development of this project's plugins on machines without
// Fluent Bit. It is not Fluent Bit, and not for production.
//
// It loads the built shared objects and calls them as Fluent Bit does (package host), feeds them from plugins that are
// inputs, and from inputs that make the records that Fluent Bit's own would (package input), and is told what to do as
// Fluent Bit is (package conf). It has no filters, no parsers but JSON, no storage, and no outputs but the plugins',
// stdout and null. Sockets that systemd passes to it reach the plugins.
//
// The files here join these: a command line becomes an agent, which has an engine while a configuration runs.
package main
