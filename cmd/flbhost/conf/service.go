package conf

import (
	"fmt"
	"strings"
	"time"

	"github.com/promexporter/promexporter/cmd/flbhost/property"
)

// harmless are keys of the service section that this host does nothing about, as nothing here depends on them.
var harmless = []string{
	"plugins_file", // read elsewhere
	"daemon",
	"coro_stack_size",
	"storage.path", "storage.sync", "storage.checksum", "storage.metrics", "storage.max_chunks_up",
	"storage.backlog.mem_limit",
	"hot_reload.ensure_thread_safety", "hot_reload.timeout",
	"dns.mode", "dns.resolver",
	"scheduler.base", "scheduler.cap",
}

func (d *document) readService(v variables) (Service, error) {
	s := Service{Flush: time.Second, Grace: 5 * time.Second}
	for _, p := range d.service {
		value := v.replace(p.Value)
		if err := s.set(strings.ToLower(p.Key), value, d); err != nil {
			return s, fmt.Errorf("[config] could not configure service property '%s': %w", p.Key, err)
		}
	}
	return s, nil
}

// set takes one property. A later one wins, and the file's come after those of the command line, as in Fluent Bit.
func (s *Service) set(key, value string, d *document) error {
	var err error
	switch key {
	case "flush":
		s.Flush, err = property.ParseSeconds(value)
	case "grace":
		s.Grace, err = property.ParseSeconds(value)
	case "log_level":
		s.LogLevel = value
	case "hot_reload":
		s.HotReload, err = property.ParseBool(value)
	default:
		for _, k := range harmless {
			if key == k {
				return nil
			}
		}
		d.warn("the development host ignores '%s' in the service section", key)
	}
	return err
}
