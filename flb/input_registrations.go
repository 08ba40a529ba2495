package flb

import "sync"

// inputRegistrations are what the host has registered and not yet unregistered, each with the inputs that it inputs.
//
// At exit the host does not tell an input which of them goes, and it also calls exit for instances that it never
// opened, in a failed reload while the running ones go on. What it does tell is which registration ends, and it ends
// none before all instances are gone. An instance belongs to the newest registration: a reload registers first, but
// opens nothing before the old registration has ended.
//
// The zero value is ready; it is safe for concurrent use.
type inputRegistrations struct {
	mu  sync.Mutex
	all []inputRegistration // the newest last
}

type inputRegistration struct {
	def     uintptr // the address of the host's definition, which is never read here
	inputs  []openInput
	refused bool            // callbacks also come for an instance that is not among inputs
	paused  map[uintptr]int // pauses that were not taken back, by thread
}

type openInput struct {
	handle uintptr
	named  bool    // by the host, to the callbacks
	thread uintptr // of Init, and of all callbacks
}

func (r *inputRegistrations) register(def uintptr) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, inputRegistration{def: def})
}

// open reports whether the input may be: one that the host does not name has to be the only such.
func (r *inputRegistrations) open(i openInput) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if only, _ := r.only(); !i.named && only != nil {
		return false
	}
	newest := r.newest()
	newest.inputs = append(newest.inputs, i)
	return true
}

// refuse notes an instance whose callbacks will come on thread, and which are not the only input's. It reports false if
// they could not be told from those.
func (r *inputRegistrations) refuse(thread uintptr) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if only, _ := r.only(); only != nil && only.thread == thread {
		return false
	}
	r.newest().refused = true
	return true
}

// withoutContext returns the handle of the input that the host does not name, for a callback on thread, or 0.
func (r *inputRegistrations) withoutContext(thread uintptr) uintptr {
	r.mu.Lock()
	defer r.mu.Unlock()
	only, in := r.only()
	if only == nil || in.refused && only.thread != thread {
		return 0
	}
	return only.handle
}

// only returns the input that the host does not name, if there is one.
func (r *inputRegistrations) only() (*openInput, *inputRegistration) {
	for n := range r.all {
		in := &r.all[n]
		for k := range in.inputs {
			if !in.inputs[k].named {
				return &in.inputs[k], in
			}
		}
	}
	return nil, nil
}

func (r *inputRegistrations) newest() *inputRegistration {
	if len(r.all) == 0 { // no host does so, but then nothing ever ends it
		r.all = append(r.all, inputRegistration{})
	}
	return &r.all[len(r.all)-1]
}

// pause counts a pause, or a resume if n is -1, of some input of this thread. It returns the handles of all of them,
// and whether all are paused.
func (r *inputRegistrations) pause(thread uintptr, n int) (handles []uintptr, all bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for k := range r.all {
		in := &r.all[k]
		for _, i := range in.inputs {
			if i.thread == thread {
				handles = append(handles, i.handle)
			}
		}
		if len(handles) == 0 {
			continue
		}
		if in.paused == nil {
			in.paused = map[uintptr]int{}
		}
		in.paused[thread] = max(in.paused[thread]+n, 0)
		return handles, in.paused[thread] >= len(handles)
	}
	return nil, false
}

// unregister removes a registration and returns the handles of its inputs.
func (r *inputRegistrations) unregister(def uintptr) []uintptr {
	r.mu.Lock()
	defer r.mu.Unlock()
	var handles []uintptr
	for n, one := range r.all {
		if one.def != def {
			continue
		}
		for _, i := range one.inputs {
			handles = append(handles, i.handle)
		}
		r.all = append(r.all[:n:n], r.all[n+1:]...)
		break
	}
	return handles
}
