package config

import (
	"reflect"
	"testing"
)

func byKey(k string) Step { return Step{Key: k} }
func byIndex(i int) Step  { return Step{Index: i, IsIndex: true} }

func TestParseAccessor(t *testing.T) {
	for _, test := range []struct {
		text string
		root Root
		want []Step
	}{
		{"$status", RootBody, []Step{byKey("status")}},
		{"$_s-t/a9", RootBody, []Step{byKey("_s-t/a9")}},
		{"$kubernetes['labels']['app']", RootBody, []Step{byKey("kubernetes"), byKey("labels"), byKey("app")}},
		{`$a["b"]`, RootBody, []Step{byKey("a"), byKey("b")}},
		{"$a['it''s']", RootBody, []Step{byKey("a"), byKey("it's")}},
		{`$a["say ""x"""]`, RootBody, []Step{byKey("a"), byKey(`say "x"`)}},
		{`$a["it's"]['"']`, RootBody, []Step{byKey("a"), byKey("it's"), byKey(`"`)}},
		{"$a['']", RootBody, []Step{byKey("a"), byKey("")}},
		{"$a['x.y z']['[0]']", RootBody, []Step{byKey("a"), byKey("x.y z"), byKey("[0]")}},
		{"$items[0]['x'][12]", RootBody, []Step{byKey("items"), byIndex(0), byKey("x"), byIndex(12)}},
		{"$['a.b']", RootBody, []Step{byKey("a.b")}},
		{"$['TAG']", RootBody, []Step{byKey("TAG")}},
		{"$['metadata'][1]", RootBody, []Step{byKey("metadata"), byIndex(1)}},
		{"$tag", RootBody, []Step{byKey("tag")}},
		{"$TAGS", RootBody, []Step{byKey("TAGS")}},
		{"$items", RootBody, []Step{byKey("items")}},
		{"$TAG", RootTag, nil},
		{"$TAG[1]", RootTag, []Step{byIndex(1)}},
		{"$metadata['x']", RootMetadata, []Step{byKey("x")}},
		{"$metadata['x'][0]", RootMetadata, []Step{byKey("x"), byIndex(0)}},
		{"$group_metadata['x']", RootGroupMetadata, []Step{byKey("x")}},
		{"$group_attributes['resource']['attributes']['service.name']", RootGroupAttributes,
			[]Step{byKey("resource"), byKey("attributes"), byKey("service.name")}},
		{"$item", RootItem, nil},
		{"$item['x']", RootItem, []Step{byKey("x")}},
		{"$item[0]", RootItem, []Step{byIndex(0)}},
	} {
		got, err := parseAccessor(test.text)
		if err != nil {
			t.Errorf("%s: %v", test.text, err)
			continue
		}
		if want := (&Accessor{test.text, test.root, test.want, 0}); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %#v, want %#v", test.text, got, want)
		}
	}
}

func TestParseAccessorRefuses(t *testing.T) {
	for _, text := range []string{
		"", "status", "$", "$$", "$$a", "$1", "$.a", "$ a", "$a ", "$a.b", "$a[", "$a[]", "$a['", "$a['b'", "$a['b]", "$a[b]",
		"$a[-1]", "$a[01]", "$a[1.5]", "$a[99999999999999999999]", "$a['b'] ", "$a['b'].c", "$[0]", "$[", "$é", "${a}", "$TAG['a']",
		"$TAG[0][1]", "$metadata", "$metadata[0]", "$group_attributes", "$group_metadata", "$a['b'x]", "$a\n",
	} {
		if a, err := parseAccessor(text); err == nil {
			t.Errorf("%q: got %#v", text, a)
		}
	}
}

func TestParseTemplate(t *testing.T) {
	for _, test := range []struct {
		text  string
		want  Template
		fixed bool
	}{
		{"x_total", Template{{Literal: "x_total"}}, true},
		{"${field}", Template{{Variable: "field"}}, false},
		{"${namespace}x", Template{{Variable: "namespace"}, {Literal: "x"}}, true},
		{"a_${b}${c}_d", Template{{Literal: "a_"}, {Variable: "b"}, {Variable: "c"}, {Literal: "_d"}}, false},
		{"a$b}", Template{{Literal: "a$b}"}}, true},
	} {
		got, err := parseTemplate(test.text)
		if err != nil || !reflect.DeepEqual(got, test.want) {
			t.Errorf("%s: got %#v, %v", test.text, got, err)
		}
		if got.String() != test.text || got.fixed() != test.fixed {
			t.Errorf("%s: got %s, fixed %v", test.text, got, got.fixed())
		}
	}
	for _, text := range []string{"${", "${a", "${}", "a${b}${"} {
		if got, err := parseTemplate(text); err == nil {
			t.Errorf("%s: got %#v", text, got)
		}
	}
}
