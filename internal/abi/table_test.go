package abi

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/evercreds/evercreds/core"
)

// Every field of a decision has its slot, in the same order.
func TestSlotsAreTheFieldsOfADecision(t *testing.T) {
	d := reflect.TypeFor[core.Decision]()
	var fields []string
	for i := range d.NumField() {
		if f := d.Field(i); f.IsExported() {
			fields = append(fields, f.Name)
		}
	}
	var slots []string
	for _, s := range Slots {
		slots = append(slots, s.Field)
	}
	if SlotCount > StructSlots {
		t.Errorf("%d slots, and a C struct has room for %d", SlotCount, StructSlots)
	}
	want(t, "fields", strings.Join(slots, " "), strings.Join(fields, " "))
}

// reserved are words that are no names of fields or parameters in C, C++, Python or
// TypeScript, for all of which they are written from the table.
const reserved = " alignas alignof and as asm assert async atomic_bool auto await bool break case catch char class compl const" +
	" constexpr continue debugger decltype def default del delete do double elif else enum except explicit export extends extern" +
	" false False finally float for friend from function global goto if implements import in inline instanceof int interface is" +
	" lambda let long mutable namespace new noexcept None nonlocal not null nullptr operator or package pass private protected public" +
	" raise register reinterpret_cast restrict return short signed sizeof static struct super switch template this throw true True" +
	" try type typedef typeid typename typeof union unsigned using var virtual void volatile wchar_t while with xor yield "

func TestNamesAreNotKeywords(t *testing.T) {
	check := func(where, name string) {
		if strings.Contains(reserved, " "+name+" ") {
			t.Errorf("%s: %s is a word of one of the languages that it is written in", where, name)
		}
	}
	for _, s := range Slots {
		check("a slot", s.Name)
	}
	for _, f := range append(slices.Clone(Functions), HostFunctions...) {
		check("a function", f.Name)
		for _, p := range f.Params {
			check(f.Name, p.Name)
		}
	}
}

// The table and the methods of Library say the same.
func TestEveryFunctionIsAMethod(t *testing.T) {
	library := reflect.TypeFor[*Library]()
	methods := map[string]reflect.Type{}
	for i := range library.NumMethod() {
		m := library.Method(i)
		methods[strings.ToLower(m.Name)] = m.Type
	}
	for _, f := range Functions {
		name := strings.ReplaceAll(f.Name, "_", "")
		m, ok := methods[name]
		if !ok {
			t.Errorf("%s: no method", f.Name)
			continue
		}
		delete(methods, name)
		most := len(f.Params) + 1 // the receiver
		for _, p := range f.Params {
			if p.Type == Buffer {
				most++
			}
		}
		want(t, f.Name+": parameters", m.NumIn(), most)
		want(t, f.Name+": result", m.Out(0).Kind() == reflect.Int64, f.Result == Instant)
	}
	delete(methods, "testpanic")
	delete(methods, "testfatal")
	if len(methods) > 0 {
		t.Errorf("methods that are not in the table: %v", methods)
	}
}

// Names and numbers are append-only: a gap or a repetition is a slip.
func TestGroupsCountUp(t *testing.T) {
	seen := map[string]bool{}
	for _, g := range Groups() {
		for i, c := range g.Constants {
			if !strings.HasPrefix(c.Name, g.Prefix) || seen[c.Name] || c.Doc == "" {
				t.Errorf("%s: %q", g.Name, c.Name)
			}
			seen[c.Name] = true
			next := g.Constants[0].Value + int64(i)
			if g.Bits {
				next = 1 << i
			}
			want(t, c.Name, c.Value, next)
		}
	}
}

// The enumerations end where core's do.
func TestGroupsAreComplete(t *testing.T) {
	want(t, "rule behind the last option", core.OptionRule(lastOption+1), "unknown option")
	s := core.New()
	want(t, "status behind the last", s.Status(lastStatus+1, core.Now{}), -1)
	for _, c := range statuses {
		if s.Status(core.Field(c.Value), core.Now{}) < 0 {
			t.Errorf("%s: unknown to core", c.Name)
		}
	}
	want(t, "statuses", len(statuses), int(lastStatus))
}

func TestFeaturesFollowTheBuild(t *testing.T) {
	l := New(silent{})
	want(t, "panic build", l.ABIFeatures()&featurePanicTest != 0, panicBuild)
	want(t, "version", l.ABIVersion(), Major<<16|Minor)
}
