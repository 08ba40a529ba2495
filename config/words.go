package config

// String returns the word of the rules language for op.
func (op CompareOp) String() string { return compareWords[op] }

// String returns the word of the rules language for p.
func (p Parse) String() string { return parseWords[p] }
