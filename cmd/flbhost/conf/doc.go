// Package conf reads what Fluent Bit is told: its command line, and configuration files in the classic and the YAML
// format, as far as the project's documentation uses them. What Fluent Bit knows and this package does not is an error
// where it would change the result, and a warning where it would not.
//
// What enters: arguments, files, environment. What leaves: a Config, in which variables are replaced and nothing refers
// to a file any more.
package conf
