package pipeline

import (
	"errors"
	"time"

	"github.com/promexporter/promexporter/exporter"
	"github.com/promexporter/promexporter/flb"
	"github.com/promexporter/promexporter/rule"
)

// CloseForReload closes a pipeline that Fluent Bit is about to open again. Its series wait for the next Open of the
// same instance, at most for Instances.SuspendTimeout, and so do scrapes of its page.
func (p *Pipeline) CloseForReload() {
	if p.closed.Swap(true) {
		return
	}
	p.stop(p.endpoint.Suspend)
	p.awaitFlushes() // the successor uses the same rules and warnings
	p.instances.suspend(p)
}

// discard ends what a successor would have taken over. p is closed.
func (p *Pipeline) discard() {
	// Timers call discard in a goroutine of their own, where a panic would end the process.
	p.guard("discard of a suspended instance", func() {
		if err := p.endpoint.Close(); err != nil {
			p.log.Warn("could not close the endpoint", "error", err)
		}
		p.collector.Close()
	})
}

// reopen opens the successor of p. If the new keys or rules are invalid, the successor uses those of p, because Fluent
// Bit would end if Open failed.
func (p *Pipeline) reopen(o Options) (*Pipeline, error) {
	c, err := readKeys(o.Property)
	if err == nil {
		next := newPipeline(o, c, p.instance)
		if err = next.resume(o, p, false); err == nil {
			p.reloads.setKeysOK(true)
			return next, nil
		}
	}
	next := newPipeline(o, p.config, p.instance)
	flb.LogLines(next.log, err.Error())
	p.reloads.setKeysOK(false)
	if failed := next.resume(o, p, true); failed != nil {
		p.discard()
		return nil, failed
	}
	next.log.Error("keys not reloaded; the last valid keys stay active")
	p.events.reloaded(err, time.Now())
	return next, nil
}

// resume starts p with the instance of before. If it fails, the instance is unchanged. sameKeys says that p has the
// keys of before; then a state file that cannot be used is not an error.
func (p *Pipeline) resume(o Options, before *Pipeline, sameKeys bool) error {
	set, mistakes := p.loadRules()
	if err := p.collector.SetOptions(p.collectorOptions()); err != nil {
		return err
	}
	before.state.unregister(p.metrics)
	if err := p.openState(); err != nil {
		if !sameKeys {
			return err
		}
		// The series are worth more than the state file.
		flb.LogLines(p.log, err.Error())
		p.log.Error("state file is not written until the next reload", "file", p.config.StateFile)
	}
	if mistakes == nil && p.config.StateFile != before.config.StateFile {
		p.state.restore(set)
	}
	err := p.expectRepeats()
	if err == nil {
		mistakes, err = p.resumeServing(o, set, mistakes)
	}
	if err != nil {
		p.closeState()
		return err
	}
	p.resumeRules(set, mistakes)
	p.startBackground()
	return nil
}

// resumeServing resumes the endpoint. Families that conflict with those of another instance of the page are a mistake
// in the rules. The families of the active rules are not checked again; the page leaves out what conflicts.
func (p *Pipeline) resumeServing(o Options, set *rule.Set, before error) (mistakes, err error) {
	mistakes = before
	if mistakes == nil {
		err = p.endpoint.Resume(p.endpointOptions(o, p.definitions(set)))
		if !errors.As(err, new(*exporter.ConflictError)) {
			return nil, p.resumed(o, err)
		}
		mistakes = err
	}
	return mistakes, p.resumed(o, p.endpoint.Resume(p.endpointOptions(o, nil)))
}

func (p *Pipeline) resumed(o Options, err error) error {
	if err == nil {
		p.logServing(o.Version)
	}
	return err
}

// resumeRules makes the rules that were read the active ones, unless there are mistakes.
func (p *Pipeline) resumeRules(set *rule.Set, mistakes error) {
	p.rules.reloadMu.Lock()
	defer p.rules.reloadMu.Unlock()
	if mistakes == nil {
		mistakes = p.applyRules(set)
	}
	p.reportReload(set, mistakes, true)
}
