package procfs

import "regexp"

// Choice says which processes are read, and how much of each.
type Choice struct {
	Path          string
	PIDs          []int32 // in order; none for all
	Filters       Filters
	Fields        Fields
	CmdlineLength int    // bytes of a command line that are kept, from 64; 0 for 4096
	PasswdFile    string // names the users, in the form of passwd(5)
}

// Fields is a set of the parts of a process that are read in addition to its name and its CPU time.
type Fields uint16

// The parts. Each costs a read of a file, except page faults and what shares a file with another one.
const (
	Files           Fields = 1 << iota // memory, open files and IO
	Cmdline                            // /proc/PID/cmdline
	Exe                                // /proc/PID/exe
	User                               // the name of the owner
	Cgroup                             // /proc/PID/cgroup
	ContainerID                        // of the cgroup
	PSS                                // /proc/PID/smaps_rollup, which the kernel makes from all pages of the process
	Swap                               // /proc/PID/status
	ContextSwitches                    // /proc/PID/status
	PageFaults                         // of the file that is read in any case
)

// Times reads name and CPU time alone.
const Times Fields = 0

const (
	texts    = Cmdline | Exe | User | Cgroup | ContainerID
	counts   = PSS | Swap | ContextSwitches | PageFaults
	detailed = texts | counts
)

func (f Fields) has(any Fields) bool { return f&any != 0 }

// Filter says which values of a text are wanted.
type Filter struct{ Include, Exclude *regexp.Regexp } // nil for all, and for none

func (f *Filter) passes(s string) bool {
	return (f.Include == nil || f.Include.MatchString(s)) && (f.Exclude == nil || !f.Exclude.MatchString(s))
}

// Filters are the filters of the texts of a process. A process is wanted if all of them pass.
type Filters struct{ Name, Cmdline, Exe, User, Cgroup, ContainerID Filter }

// fields returns what the filters look at.
func (f *Filters) fields() (fields Fields) {
	for _, t := range []struct {
		field  Fields
		filter *Filter
	}{{Cmdline, &f.Cmdline}, {Exe, &f.Exe}, {User, &f.User}, {Cgroup, &f.Cgroup}, {ContainerID, &f.ContainerID}} {
		if t.filter.Include != nil || t.filter.Exclude != nil {
			fields |= t.field
		}
	}
	return fields
}
