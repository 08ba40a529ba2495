// Package metric defines what configuration, rules, collector and exporter have to agree on: the types of metric families,
// the names that a family exposes, and the names, units and texts that Prometheus accepts.
//
// A parser of Prometheus refuses a whole page because of one name or text that it does not accept, so a single record
// could take down the target. test/textparse compares the rules with the parsers, in each format that a scraper may ask
// for. All functions are safe for concurrent use.
package metric
