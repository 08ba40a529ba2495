package config

// families checks the rules of a file against each other.
func (p *parser) families() {}
