package pipeline

import (
	"errors"
	"time"

	"github.com/promexporter/promexporter/exporter"
	"github.com/promexporter/promexporter/rule"
)

// CloseForReload is Close for a section that Fluent Bit is about to open again. Its
// series wait for the next Open of the same instance, for Instances.SuspendTimeout at most,
// and so do the clients of its address.
func (p *Pipeline) CloseForReload() {
	if p.closed.Swap(true) {
		return
	}
	p.stop(p.endpoint.Suspend)
	p.awaitFlushes() // the successor has the same rules and the same log
	p.instances.suspend(p)
}

// discard ends what a successor could have taken over. p is closed.
func (p *Pipeline) discard() {
	// A timer has a goroutine of its own.
	p.guard("panic when a section was given up, please report it", func() {
		if err := p.endpoint.Close(); err != nil {
			p.log.Warn("closing the endpoint", "error", err)
		}
		p.collector.Close()
	})
}

// reopen opens the successor of p. Where its keys or its rules are wrong, it works
// with those of p: Fluent Bit would end if it did not open.
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
	next.logMistakes(err)
	p.reloads.setKeysOK(false)
	if failed := next.resume(o, p, true); failed != nil {
		p.discard()
		return nil, failed
	}
	next.log.Error("the keys were not reloaded, the last good ones stay in force")
	p.events.reloaded(err, time.Now())
	return next, nil
}

// resume starts p with what before has left. When it fails, all of that is as it
// was. again says that p has the keys of before, which are better than none.
func (p *Pipeline) resume(o Options, before *Pipeline, again bool) error {
	set, mistakes := p.loadRules()
	if err := p.collector.SetOptions(p.collectorOptions()); err != nil {
		return err
	}
	before.state.unregister(p.metrics)
	if err := p.openState(); err != nil {
		if !again {
			return err
		}
		// The series are worth more than their state.
		p.logMistakes(err)
		p.log.Error("the state is not written until the next reload", "file", p.config.StateFile)
	}
	if mistakes == nil && p.config.StateFile != before.config.StateFile {
		p.state.restore(set)
	}
	mistakes, err := p.resumeServing(o, set, mistakes)
	if err != nil {
		p.closeState()
		return err
	}
	p.resumeRules(set, mistakes)
	p.startBackground()
	return nil
}

// resumeServing resumes the endpoint. Families that another section of the page stands against are a mistake of the
// rules; those of the rules in force are not checked again, and the page leaves out what does not fit.
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

// resumeRules puts the rules that were read in force, unless there are mistakes.
func (p *Pipeline) resumeRules(set *rule.Set, mistakes error) {
	p.rules.reloadMu.Lock()
	defer p.rules.reloadMu.Unlock()
	if mistakes == nil {
		mistakes = p.applyRules(set)
	}
	p.reportReload(set, mistakes, true)
}
