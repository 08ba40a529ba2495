package families_test
import ("testing";"fmt";"github.com/promexporter/promexporter/exporter/internal/families")
func BenchmarkZ(b *testing.B) {
	var own, small []families.Family
	for i := range 50 { own = append(own, many(fmt.Sprintf("own_%02d_total", i), 0, 1)...) }
	for i := range 10_000 { small = append(small, many(fmt.Sprintf("family_%04d_total", i), 0, 1)...) }
	for b.Loop() { var lost families.Losses; families.Merge([][]families.Family{own, small}, &lost) }
}
