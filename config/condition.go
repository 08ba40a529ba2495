package config

import (
	"math"
	"slices"
	"strconv"
	"strings"
)

// maxConditions bounds the nesting of conditions.
const maxConditions = 16

// condition reads a comparison or a group.
func (r *reader) condition(n *node, path string, depth int) (c Condition, ok bool) {
	if n.kind != mapping {
		return c, r.wrongKind(n, path, "a condition", "write "+comparisonSpec.example+", or "+groupSpec.example)
	}
	if depth >= maxConditions {
		r.wrong(n, path, "conditions are nested more than "+strconv.Itoa(maxConditions)+" levels deep", "use fewer levels")
		return c, false
	}
	if isGroup(n) {
		return r.group(n, path, depth)
	}
	return r.comparison(n, path)
}

// isGroup reports whether n has the key rules, or the op of a group and no field.
func isGroup(n *node) bool {
	var compared, joined, op *node
	for _, f := range n.fields {
		switch f.key.text {
		case "field":
			compared = f.key
		case "rules":
			joined = f.key
		case "op":
			op = f.value
		}
	}
	return joined != nil || compared == nil && op != nil && slices.Contains(groupWords, op.lower().text)
}

func (r *reader) group(n *node, path string, depth int) (c Condition, ok bool) {
	s, ok := r.parser.readMapping(n, path, groupSpec)
	if !ok {
		return c, false
	}
	if n := s.get("op"); n != nil {
		i, _ := r.word(n.lower(), s.under("op"), groupWords)
		c.Any = i == 1
	}
	rules := s.get("rules")
	path = s.under("rules")
	if rules == nil {
		if !s.has("rules") {
			r.wrong(n, path, "missing", "write comparisons: [{field: $status, op: eq, value: 200}]")
		}
		return c, false
	}
	if rules.kind != sequence {
		return c, r.wrongKind(rules, path, "a list", "write [{field: $status, op: eq, value: 200}]")
	}
	if len(rules.elements) == 0 {
		r.wrong(rules, path, "an empty list", "write comparisons: [{field: $status, op: eq, value: 200}]")
	}
	for i, e := range rules.elements {
		if rule, good := r.condition(e, at(path, i), depth+1); good {
			c.Rules = append(c.Rules, rule)
		}
	}
	return c, true
}

// lower returns n with its text in lower case. Fluent Bit ignores the case of operators.
func (n *node) lower() *node {
	c := *n
	c.text = strings.ToLower(c.text)
	return &c
}

func (r *reader) comparison(n *node, path string) (c Condition, ok bool) {
	if len(n.fields) == 1 && !isComparisonKey(n.fields[0].key.text) {
		return c, r.shorthand(n.fields[0], path)
	}
	s, ok := r.parser.readMapping(n, path, comparisonSpec)
	if !ok {
		return c, false
	}
	if n := s.get("field"); n != nil {
		c.Field, _ = r.source(n, s.under("field"))
	} else if !s.has("field") {
		r.wrong(s.node, s.under("field"), "missing", "write field: $status")
	}
	if n := s.get("context"); n != nil {
		r.context(&c, n, s.under("context"))
	}
	op := s.get("op")
	if op == nil {
		if !s.has("op") {
			r.wrong(s.node, s.under("op"), "missing", oneOf(compareWords))
		}
		return c, false
	}
	i, ok := r.word(op.lower(), s.under("op"), compareWords)
	if !ok {
		return c, false
	}
	c.Op = CompareOp(i)
	r.operand(&c, s)
	return c, c.Field != nil
}

// isComparisonKey reports whether s is a key of a comparison, or means one.
func isComparisonKey(s string) bool {
	return slices.Contains(comparisonSpec.keys, s) || slices.Contains(comparisonSpec.keys, synonyms[strings.ToLower(s)]) ||
		nearest(s, comparisonSpec.keys) != ""
}

// shorthand reports a comparison such as {status: 500}, with one mistake that says how to write it.
func (r *reader) shorthand(f field, path string) bool {
	if f.value.kind == broken {
		return false
	}
	accessor := "$" + strings.TrimPrefix(f.key.text, "$")
	if r.received != nil {
		accessor = "$labels['" + f.key.text + "']"
	}
	if _, err := parseAccessor(accessor); err != nil || len(accessor) > maxQuoted {
		accessor = "$field"
	}
	op, value := "eq", f.value.text
	switch f.value.kind {
	case text:
		value = quote(value)
	case sequence:
		op, value = "in", "[...]"
	case mapping, null:
		value = "..."
	}
	r.reportAs(UnknownKey, f.key.Position, path, "unknown key "+quote(f.key.text),
		"write {field: "+accessor+", op: "+op+", value: "+value+"}")
	return false
}

// context reads where the field is looked up, as in conditions of Fluent Bit.
func (r *reader) context(c *Condition, n *node, path string) {
	if r.received != nil {
		r.wrong(n, path, "a point has no context", "remove context")
		return
	}
	i, ok := r.word(n.lower(), path, contextWords)
	if !ok || c.Field == nil || i == 0 {
		return
	}
	for _, a := range c.Field {
		if a.Root != RootBody {
			r.wrong(n, path, "context does not apply to "+a.Text, "remove context")
			return
		}
		a.Root = RootMetadata
	}
}

// operand reads the value to compare with.
func (r *reader) operand(c *Condition, s *mappingReader) {
	n, path := s.get("value"), s.under("value")
	unary := c.Op == Exists || c.Op == NotExists
	switch {
	case n == nil && !unary && !s.has("value"):
		r.wrong(s.node, path, "missing", "write the value to compare with")
	case n == nil:
	case unary:
		r.wrong(n, path, compareWords[c.Op]+" takes no value", "remove value")
	case c.Op == In || c.Op == NotIn:
		r.list(c, n, path)
	case c.Op == Regex || c.Op == NotRegex:
		r.conditionRegex(c, n, path)
	case c.Op == Eq || c.Op == Neq:
		if v, ok := r.operandScalar(n, path); ok {
			c.Number, c.Text, c.IsNumber = v.Number, v.Text, v.IsNumber
		}
	default:
		r.threshold(c, n, path)
	}
}

func (r *reader) operandScalar(n *node, path string) (v Scalar, ok bool) {
	if !n.scalar() {
		return v, r.wrongKind(n, path, "a number or a string", "write a number or a string, or use op: in with a list")
	}
	if n.kind == number {
		v.Number, ok = r.number(n, path, "write a number")
		v.Text, v.IsNumber = n.text, true
		return v, ok
	}
	v.Text = n.text
	if n.kind == boolean {
		v.Text = strings.ToLower(n.text)
	}
	return v, true
}

func (r *reader) list(c *Condition, n *node, path string) {
	if n.kind != sequence {
		r.wrongKind(n, path, "a list", "write [GET, POST], or use op: eq")
		return
	}
	if len(n.elements) == 0 {
		r.wrong(n, path, "an empty list", "list the values to compare with: [GET, POST]")
	}
	for i, e := range n.elements {
		if v, ok := r.operandScalar(e, at(path, i)); ok {
			c.List = append(c.List, v)
		}
	}
}

// threshold reads a number. Fluent Bit also accepts it in quotes.
func (r *reader) threshold(c *Condition, n *node, path string) {
	c.IsNumber = true
	if n.kind == text {
		if v, err := strconv.ParseFloat(n.text, 64); err == nil && !math.IsNaN(v) && !math.IsInf(v, 0) {
			c.Number, c.Text = v, n.text
			return
		}
	}
	c.Number, _ = r.number(n, path, "write a number, such as 500")
	c.Text = n.text
}

func (r *reader) conditionRegex(c *Condition, n *node, path string) {
	c.Regex, _ = r.regexp(n, path)
	if len(n.text) > 2 && n.text[0] == '/' && strings.HasSuffix(strings.TrimRight(n.text, "imxo"), "/") {
		r.warn(RegexSlashes, n.Position, path, "the slashes are part of the expression, unlike in Fluent Bit",
			"remove them; start with (?i) to ignore case")
	}
}
