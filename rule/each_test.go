package rule_test

import "testing"

func TestEach(t *testing.T) {
	for name, s := range map[string]scenario{
		"numbers and words": {
			rules: `
				metrics:
				- {name: boiler_sensor_celsius, type: gauge, help: T., each: [[$none, $temps]], value: $item, labels: {device: $device, index: $index}}
				- {name: boiler_flags_total, type: counter, help: F., each: $flags, labels: {device: $device, flag: $item}}
				- {name: boiler_x, type: gauge, help: X., each: $points, value: "$item[0]", labels: {index: $index}}`,
			records: `
				{"device":"boiler1","temps":[21.5,48,-3],"flags":["alarm","heating"],"points":[[1,2],[3,4]]}
				{"device":"boiler1","temps":[22,49,-2],"flags":["heating"],"points":[]}`,
			want: `
				# HELP boiler_flags_total F.
				# TYPE boiler_flags_total counter
				boiler_flags_total{device="boiler1",flag="alarm"} 1
				boiler_flags_total{device="boiler1",flag="heating"} 2
				# HELP boiler_sensor_celsius T.
				# TYPE boiler_sensor_celsius gauge
				boiler_sensor_celsius{device="boiler1",index="0"} 22
				boiler_sensor_celsius{device="boiler1",index="1"} 49
				boiler_sensor_celsius{device="boiler1",index="2"} -2
				# HELP boiler_x X.
				# TYPE boiler_x gauge
				boiler_x{index="0"} 1
				boiler_x{index="1"} 3`,
		},
		"arrays in arrays": {
			rules: `
				metrics:
				- name: n_total
				  type: counter
				  help: N.
				  each: [$a, "$item['b']", "$item['c']"]
				  condition: {field: "$item", op: gt, value: 0}
				  value: $item
				  labels: {a: "$each[0]['id']", b: "$each[1]['id']", i: $index, x: {from: ["$each[1]['x']", "$each[0]['id']"]}}`,
			records: `
				{"a":[{"id":"p","b":[{"id":"q","c":[1,0,2]},{"id":"r","x":"y","c":[3]},{"id":"s"}]},{"id":"t","b":[]},{"id":"u","b":[{"id":"v","c":[4]}]}]}`,
			want: `
				# HELP n_total N.
				# TYPE n_total counter
				n_total{a="p",b="q",i="0",x="p"} 1
				n_total{a="p",b="q",i="2",x="p"} 2
				n_total{a="p",b="r",i="0",x="y"} 3
				n_total{a="u",b="v",i="0",x="u"} 4`,
		},
	} {
		t.Run(name, s.run)
	}
}
