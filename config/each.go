package config

import "fmt"

// maxLevels bounds the arrays of `each`.
const maxLevels = 4

// each reads the arrays that the rule runs over.
func (r *reader) each(n *node) {
	path := r.under("each")
	if r.has("fields") {
		r.wrong(n, path, "fields is also set", "write only one of them; a rule runs over fields or over elements")
	}
	levels, paths := []*node{n}, []string{path}
	if n.kind == sequence {
		levels, paths = n.elements, nil
		for i := range levels {
			paths = append(paths, at(path, i))
		}
	}
	if len(levels) == 0 || len(levels) > maxLevels {
		r.wrong(n, path, fmt.Sprintf("%d arrays", len(levels)), fmt.Sprintf("write 1 to %d of them, from the outermost to the innermost", maxLevels))
		return
	}
	for i, level := range levels {
		source, _ := r.source(level, paths[i])
		for _, a := range source {
			r.fitsLevel(a, level, paths[i], i)
		}
		r.m.Each = append(r.m.Each, source)
	}
}

// fitsLevel refuses an accessor that does not lead to an array of the level. An array of an element further out would
// be run over again for each element of the array before: the time would grow with the square of the record.
func (r *reader) fitsLevel(a *Accessor, n *node, path string, level int) {
	switch {
	case level == 0 && a.Root >= RootTag:
		r.wrong(n, path, a.Text+" is not an array of the record", "write a field that holds an array, such as $items")
	case level > 0 && (a.Root != RootItem || a.Level != level-1):
		r.wrong(n, path, a.Text+" is not in the element of the array before", "write $item['lines'], or [[$a, $b]] for alternatives")
	}
}

// ofRule gives names their meaning that only some rules have: $parent, $index and $each[0].
func (r *reader) ofRule(a *Accessor) error {
	name := a.name()
	switch {
	case name == "$parent" && r.has("fields"):
		a.Root, a.Steps = RootParent, a.Steps[1:]
		if len(a.Steps) == 0 || a.Steps[0].IsIndex {
			return newTextError("it is the map of the field", "write a field in it: $parent['unit'], or $['parent'] for a field of this name")
		}
	case name == "$index" && r.has("each"):
		if a.Root = RootIndex; len(a.Steps) > 1 {
			return newTextError("it is a number and has no parts", "write $index, or $['index'] for a field of this name")
		}
	case name == "$each" && r.has("each"):
		if len(a.Steps) < 2 || !a.Steps[1].IsIndex || a.Steps[1].Index >= r.levels() {
			return newTextError("it names no array of each", "write $each[0] for the element of the outermost array, up to $each[%d]", r.levels()-1)
		}
		a.Root, a.Level, a.Steps = RootItem, a.Steps[1].Index, a.Steps[2:]
	case a.Root == RootItem && !r.has("each"):
		return newTextError("it is an element of an array, but the rule has no each",
			"add each: $items, or write $['item'] for a field of this name")
	case a.Root == RootItem:
		// In a level of each, the element is that of the level before.
		a.Level = min(len(r.m.Each), r.levels()) - 1
	}
	return nil
}

// levels returns the number of arrays of each as it is written.
func (r *reader) levels() int {
	if n := r.get("each"); n != nil && n.kind == sequence {
		return max(len(n.elements), 1)
	}
	return 1
}

// accessor reads an accessor of this rule.
func (r *reader) accessor(n *node, path string) (*Accessor, bool) {
	a, ok := r.parser.accessor(n, path)
	if !ok {
		return nil, false
	}
	if err := r.ofRule(a); err != nil {
		r.wrongText(n, path, "bad accessor "+quote(a.Text), err)
		return nil, false
	}
	return a, true
}
