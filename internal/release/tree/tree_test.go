package tree

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const root = "../../.."

// Whoever changes a version by hand, or adds a module, is told here.
func TestEveryPlaceSaysTheVersion(t *testing.T) {
	wrong, err := Check(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, each := range wrong {
		t.Error(each)
	}
}

func TestModulesComeAfterWhatTheyNeed(t *testing.T) {
	modules, err := Modules(root)
	if err != nil {
		t.Fatal(err)
	}
	var public []string
	for _, m := range modules {
		if m.Public {
			public = append(public, m.Tag("1.2.3"))
		}
	}
	if public[0] != "v1.2.3" {
		t.Errorf("first is %s, want the root", public[0])
	}
	at := func(tag string) int { return slices.Index(public, tag) }
	if at("cmd/evercreds/v1.2.3") < at("pkcs11/v1.2.3") || at("pkcs11/v1.2.3") < 0 {
		t.Errorf("%v: the command needs pkcs11", public)
	}
	if at("share/redisshare/v1.2.3") < 0 || slices.ContainsFunc(public, func(tag string) bool { return strings.HasPrefix(tag, "internal/") }) {
		t.Errorf("%v", public)
	}
}

func TestWhatIsNoVersion(t *testing.T) {
	for _, each := range []string{"", "1", "1.2", "v1.2.3", "1.2.3.4", "2.0.0", "1.02.3", "1.2.3-rc.1", "1.2.3\n", " 1.2.3"} {
		if CheckVersion(each) == nil {
			t.Errorf("%q is taken for a version", each)
		}
	}
}

// Every place that is checked is also set, and the check sees each of them.
func TestSetReachesEveryPlace(t *testing.T) {
	for _, p := range places {
		t.Run(p.file, func(t *testing.T) {
			text, err := os.ReadFile(filepath.Join(root, p.file))
			if err != nil {
				t.Fatal(err)
			}
			if found := p.pattern.FindAllSubmatchIndex(text, -1); len(found) != 1 {
				t.Errorf("%d places match %s, want 1", len(found), p.pattern)
			}
		})
	}
}
