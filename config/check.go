package config

// Report is all that is to be said of a rules file.
type Report struct {
	// Rules is the number of rules that the file has, good or not.
	Rules int
	// Mistakes keep the file from being used, Warnings do not. Both are in the order of the text.
	Mistakes, Warnings Mistakes
}

// Check reads a rules file as ParseRules does, and reports mistakes and warnings together. It warns of more: of what is
// right in some files, and a surprise in others.
func Check(file string, text []byte) Report {
	p := newParser(file)
	p.parse(text)
	p.advise()
	return Report{
		Rules: len(p.rules.Metrics) + len(p.rules.Received), Mistakes: p.mistakes.inOrder().limited(), Warnings: p.warnings.inOrder().limited(),
	}
}
