package rule

import (
	"fmt"
	"strings"
	"testing"

	"github.com/promexporter/promexporter/config"
)

func newSet(t *testing.T, text string) *Set {
	t.Helper()
	rules, err := config.ParseRules("rules.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return Compile([]*config.Rules{rules}, Options{FieldLimit: 10})
}

const twoTags = `metrics:
- {name: a_total, type: counter, help: A., match: 'a.*'}
- {name: b_total, type: counter, help: B., match: '*.b.*'}
`

// TestTagsMakeRoomOneAtATime holds that what is remembered of tags stays within its bound, and that a new tag takes the
// place of one of its size, not of all.
func TestTagsMakeRoomOneAtATime(t *testing.T) {
	s := newSet(t, twoTags)
	long := strings.Repeat("x", 16<<10-tagCost-10)
	tag := func(i int) string { return fmt.Sprintf("a.%08d%s", i, long) }
	const most = maxTagBytes / (16 << 10)
	for i := range 3 * most {
		p := s.Plan(tag(i))
		if len(p.perRecord) != 1 || p.perRecord[0].family.Name != "a_total" {
			t.Fatalf("the plan of tag %d has %d rules", i, len(p.perRecord))
		}
		if n := len(s.plansByTag); n != min(i+1, most) {
			t.Fatalf("%d of %d tags are remembered, want %d", n, i+1, min(i+1, most))
		}
	}
	bytes := 0
	for tag := range s.plansByTag {
		bytes += len(tag) + tagCost
	}
	if bytes != s.tagBytes || bytes > maxTagBytes || len(s.plans) != 1 {
		t.Errorf("%d bytes, counted %d, bound %d; %d programs", bytes, s.tagBytes, maxTagBytes, len(s.plans))
	}
	if p := s.Plan(strings.Repeat("x", maxTagBytes)); p.compiledPlan == nil || len(s.plansByTag) != most {
		t.Errorf("a tag beyond the bound: plan %v, %d tags left", p.compiledPlan, len(s.plansByTag))
	}
}

// TestPlanDoesNotAllocate holds that a chunk's tag costs no memory, though it is not that of the last chunk.
func TestPlanDoesNotAllocate(t *testing.T) {
	s := newSet(t, twoTags)
	var tags []string
	for i := range 100_000 {
		tags = append(tags, fmt.Sprintf("kube.var.log.containers.a.b.shop-%06d_default_app-0123456789abcdef.log", i))
		s.Plan(tags[i])
	}
	if len(s.plansByTag) != len(tags) {
		t.Fatalf("%d tags are remembered, want %d", len(s.plansByTag), len(tags))
	}
	var split tag
	at := 0
	split.set(tags[0])
	if n := testing.AllocsPerRun(1000, func() {
		p := s.Plan(tags[at%len(tags)])
		split.set(p.tag)
		split.release()
		at += 7919
	}); n != 0 {
		t.Errorf("%v allocations, want 0", n)
	}
}

// TestTagIsSplitAnew holds that memory which is used again shows the tag that was set last.
func TestTagIsSplitAnew(t *testing.T) {
	var split tag
	for _, text := range []string{"a.b.c", "", "d", "..", "a.b.c", "x.y"} {
		split.set(text)
		split.set(text)
		parts := strings.Split(text, ".")
		if string(split.whole.Bytes()) != text || len(split.parts) != len(parts) {
			t.Fatalf("%q: %q, %d parts", text, split.whole.Bytes(), len(split.parts))
		}
		for i := range parts {
			if string(split.parts[i].Bytes()) != parts[i] {
				t.Errorf("%q: part %d is %q", text, i, split.parts[i].Bytes())
			}
		}
		if len(text) == 1 {
			split.release()
		}
	}
}
