package workload

import (
	"fmt"
	"strings"
)

// cores is how many the machine of CPU has.
const cores = 16

// CPU is what the cpu input writes on a machine of 16 cores, under the default rules: 51 gauges per record.
func CPU() *Load {
	l := &Load{Name: "cpu", Tag: "cpu"}
	for i := range 1000 {
		var b strings.Builder
		fmt.Fprintf(&b, `{"cpu_p":%s,"user_p":%s,"system_p":%s`, percent(i, 1), percent(i, 2), percent(i, 3))
		for c := range cores {
			fmt.Fprintf(&b, `,"cpu%d.p_cpu":%s,"cpu%d.p_user":%s,"cpu%d.p_system":%s`,
				c, percent(i, 10+c), c, percent(i, 30+c), c, percent(i, 50+c))
		}
		b.WriteByte('}')
		l.Records = append(l.Records, b.String())
	}
	return l
}

func percent(i, salt int) string { return fmt.Sprintf("%.2f", float64(spread(i, salt)%10_000)/100) }
