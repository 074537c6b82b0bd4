package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Each mutant must still have its place in the source, so that a change there
// does not wait for the long run to be noticed, and each rule of its list one.
func TestTableIsUpToDate(t *testing.T) {
	names := map[string]bool{}
	broken := map[string]bool{}
	for _, m := range slices.Concat(invariants, rules, needs, edges, sharing) {
		text, err := os.ReadFile(filepath.Join("..", "..", "..", "core", m.file))
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(string(text), m.old); n != 1 {
			t.Errorf("%s: %q stands %d times in %s", m.name, m.old, n, m.file)
		}
		if names[m.name] || m.old == m.new {
			t.Errorf("%s: named twice, or no change", m.name)
		}
		names[m.name], broken[m.rule] = true, true
	}
	for _, number := range strings.Fields("1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17") {
		if !broken["invariant "+number] {
			t.Errorf("no mutant breaks invariant %s", number)
		}
	}
}

// So must each mutant of a host's loop.
func TestHostsAreUpToDate(t *testing.T) {
	b := &hostBench{root: filepath.Join("..", "..", "..")}
	for _, k := range kinds {
		names := map[string]bool{}
		for _, m := range k.mutants {
			if _, err := b.broken(m); err != nil {
				t.Errorf("%s: %v", m.name, err)
			}
			if names[m.name] || m.old == m.new {
				t.Errorf("%s: named twice, or no change", m.name)
			}
			names[m.name] = true
		}
	}
}

// A mutant in Node is bundled without package.json, so each import that stands there must
// have an alias: without one no mutant would start.
func TestTheHostOfNodeKnowsItsImports(t *testing.T) {
	b := &hostBench{root: filepath.Join("..", "..", "..")}
	aliases, err := b.aliases()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(b.root, "bindings/node/package.json"))
	if err != nil {
		t.Fatal(err)
	}
	var pack struct{ Imports map[string]any }
	if err := json.Unmarshal(text, &pack); err != nil || len(pack.Imports) == 0 {
		t.Fatalf("%v; imports: %v", err, pack.Imports)
	}
	for name := range pack.Imports {
		if _, err := os.Stat(filepath.Join(b.root, "bindings/node", aliases[name])); aliases[name] == "" || err != nil {
			t.Errorf("%s has no file in its place: %q, %v", name, aliases[name], err)
		}
	}
}
