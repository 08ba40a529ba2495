package main

import (
	"context"
	"time"

	"github.com/promexporter/promexporter/cmd/flbhost/host"
)

// pluginInput is an input that a plugin makes.
type pluginInput struct {
	host   *host.Host
	number int
}

// Interval is the host's for every plugin. What the section says of an interval is the plugin's business.
func (p pluginInput) Interval() time.Duration { return host.Tick }

func (p pluginInput) Collect(_ time.Time, b []byte) ([]byte, error) {
	events, err := p.host.Collect(context.Background(), p.number)
	return append(b, events...), err
}

// Close tells the plugin that nothing more is wanted, before the last flush.
func (p pluginInput) Close() error { return p.host.PauseInput(context.Background(), p.number) }
