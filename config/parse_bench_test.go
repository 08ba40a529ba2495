package config

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// largest is a file with as many rules of the usual size as there is room for.
func largest() []byte {
	var b strings.Builder
	b.WriteString("metrics:\n")
	for i := range maxMetrics {
		rule := fmt.Sprintf("- name: a%d_total\n  type: counter\n  help: Things.\n  match: a.*\n  labels: {b: $b, c: $c}\n", i)
		if b.Len()+len(rule) > maxFileSize {
			break
		}
		b.WriteString(rule)
	}
	return []byte(b.String())
}

func BenchmarkParseRules(b *testing.B) {
	typical, err := os.ReadFile("../rules/kubernetes.yaml")
	if err != nil {
		b.Fatal(err)
	}
	for name, text := range map[string][]byte{"typical": typical, "largest": largest()} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := ParseRules("rules.yaml", text); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("hostile", func(b *testing.B) {
		text := []byte("[" + strings.Repeat("a: b,", maxMarks/2-1))
		b.SetBytes(int64(len(text)))
		b.ReportAllocs()
		for b.Loop() {
			if _, err := ParseRules("rules.yaml", text); err == nil {
				b.Fatal("taken")
			}
		}
	})
}
