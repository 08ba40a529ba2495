package flb

import "sync"

// inputRegistrations are what the host has registered and not yet unregistered, each with the inputs that it inputs.
//
// At exit, the host does not say which input it closes, and it also calls exit for instances that it never opened, in a
// failed reload while the running ones continue. But it says which registration ends, and it ends a registration only
// after it has closed all its instances. An instance belongs to the newest registration: a reload registers first, but
// opens no instance before the old registration has ended.
//
// The zero value is ready to use. It is safe for concurrent use.
type inputRegistrations struct {
	mu  sync.Mutex
	all []inputRegistration // the newest last
}

type inputRegistration struct {
	def     uintptr // the address of the host's definition, which is not dereferenced
	inputs  []openInput
	refused bool            // the host also calls callbacks for an instance that is not in inputs
	paused  map[uintptr]int // pauses without a resume, by thread
}

type openInput struct {
	handle uintptr
	named  bool    // the host passes its context to callbacks
	thread uintptr // of Init, and of all callbacks
}

func (r *inputRegistrations) register(def uintptr) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, inputRegistration{def: def})
}

// open adds an input. It returns false if there is already one without a context and i has none either.
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

// refuse records that the host will call callbacks of a failed instance on thread. It returns false if they could not
// be distinguished from those of the only input.
func (r *inputRegistrations) refuse(thread uintptr) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if only, _ := r.only(); only != nil && only.thread == thread {
		return false
	}
	r.newest().refused = true
	return true
}

// withoutContext returns the handle of the input without a context, for a callback on thread, or 0.
func (r *inputRegistrations) withoutContext(thread uintptr) uintptr {
	r.mu.Lock()
	defer r.mu.Unlock()
	only, in := r.only()
	if only == nil || in.refused && only.thread != thread {
		return 0
	}
	return only.handle
}

// only returns the input without a context and its registration, or nil.
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
	if len(r.all) == 0 { // no host opens an input before it registers the plugin
		r.all = append(r.all, inputRegistration{})
	}
	return &r.all[len(r.all)-1]
}

// pause counts a pause, or a resume if n is -1, of an input of this thread. It returns the handles of all inputs of the
// thread, and whether all are paused.
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
