package record

// Root is the map that a Path starts from.
type Root uint8

// The maps of an event. The group maps belong to the start of the group that the event is in; outside of a group their
// fields are missing.
const (
	Body Root = iota
	Metadata
	GroupMetadata
	GroupBody
)

// Step leads one level down: to the value of Key in a map, or, if IsIndex is set, to element Index of an array.
type Step struct {
	Key     string
	Index   int
	IsIndex bool
}

// Path leads from a root to a value.
type Path struct {
	Root  Root
	Steps []Step
}

// Selector is a set of paths, compiled so that one pass over an event finds the values of all. It is immutable and safe
// for concurrent use.
type Selector struct {
	event, group wanted
	slots        int
	inherited    []int       // the slots of group paths
	duplicates   []duplicate // for paths that appear more than once
}

// duplicate is a pair of slots for the same value.
type duplicate struct{ from, to int }

// wanted describes what to read from an event or from the start of a group.
type wanted struct {
	metadata, body *node  // never nil, with children
	leaves         Leaves // of body that are listed
}

// NewSelector compiles paths. The value at paths[i] goes to Event.Values[i]. A path may appear more than once, and a
// path without steps leads to the map itself. Event.Leaves lists the leaves of the body that leaves asks for.
func NewSelector(paths []Path, leaves Leaves) *Selector {
	s := &Selector{
		event: wanted{metadata: newRoot(), body: newRoot(), leaves: leaves},
		group: wanted{metadata: newRoot(), body: newRoot()},
		slots: len(paths),
	}
	for slot, p := range paths {
		s.add(p, slot)
	}
	return s
}

func (s *Selector) add(p Path, slot int) {
	if p.Root >= GroupMetadata {
		s.inherited = append(s.inherited, slot)
	}
	n := s.root(p.Root)
	for _, step := range p.Steps {
		n.below, n.isLeaf = append(n.below, slot), false
		n = n.child(step)
	}
	if n.slot != noSlot {
		s.duplicates = append(s.duplicates, duplicate{n.slot, slot})
		return
	}
	n.slot, n.isLeaf = slot, len(n.below) == 0
}

func (s *Selector) root(r Root) *node {
	switch r {
	case Metadata:
		return s.event.metadata
	case GroupMetadata:
		return s.group.metadata
	case GroupBody:
		return s.group.body
	default:
		return s.event.body
	}
}

func (s *Selector) copyDuplicates(e *Event) {
	for _, t := range s.duplicates {
		e.Values[t.to] = e.Values[t.from]
	}
}

// noSlot is the slot of a node at which no path ends.
const noSlot = -1

// node is one level of the paths of a root.
type node struct {
	slot     int       // of the path that ends here, or noSlot
	below    []int     // the slots of the paths that continue
	isLeaf   bool      // a path ends here and no path continues
	children *children // the children in a map, or nil
	elements []element
}

// children is a hash table of the children of a node. Most keys of a record are not in it, and one lookup skips them.
type children [buckets]*childEntry

const buckets = 64

type childEntry struct {
	key  string
	next *childEntry // in the same bucket
	node
}

type element struct {
	index int
	*node
}

func newNode() *node { return &node{slot: noSlot} }
func newRoot() *node { return &node{slot: noSlot, children: new(children)} }

// child returns the child for step, and creates it if necessary.
func (n *node) child(step Step) *node {
	if step.IsIndex {
		return n.childElement(step.Index)
	}
	if n.children == nil {
		n.children = new(children)
	}
	if old := n.children.find([]byte(step.Key)); old != nil {
		return old
	}
	head := &n.children[hash([]byte(step.Key))%buckets]
	*head = &childEntry{key: step.Key, next: *head, node: node{slot: noSlot}}
	return &(*head).node
}

func (n *node) childElement(index int) *node {
	if old := n.element(index); old != nil {
		return old
	}
	child := newNode()
	n.elements = append(n.elements, element{index, child})
	return child
}

// hash combines the length of a key with its first and last byte.
func hash(key []byte) uint {
	n := uint(len(key))
	if n == 0 {
		return 0
	}
	return n ^ uint(key[0])<<1 ^ uint(key[n-1])<<3
}

// find returns the child for a map key, or nil.
func (k *children) find(key []byte) *node {
	for child := k[hash(key)%buckets]; child != nil; child = child.next {
		if child.key == string(key) {
			return &child.node
		}
	}
	return nil
}

// element returns the child for an array index, or nil.
func (n *node) element(index int) *node {
	for i := range n.elements {
		if n.elements[i].index == index {
			return n.elements[i].node
		}
	}
	return nil
}
