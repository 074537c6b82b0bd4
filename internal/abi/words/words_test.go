package words_test

import (
	"strings"
	"testing"

	"github.com/evercreds/evercreds/core"
	"github.com/evercreds/evercreds/internal/abi"
	"github.com/evercreds/evercreds/internal/abi/words"
)

// Every constant has its words, by the name that the table gives it.
func TestEveryConstantHasItsWords(t *testing.T) {
	lines := map[core.Note]bool{}
	for _, l := range words.Lines {
		lines[l.Note] = true
	}
	fields := map[core.Field]bool{}
	for _, f := range words.Fields {
		fields[f.Field] = true
	}
	for _, g := range abi.Groups() {
		for _, c := range g.Constants {
			name := strings.ToLower(strings.TrimPrefix(c.Name, g.Prefix))
			switch g.Name {
			case "Code":
				reason, ok := words.ReasonOf(core.Code(c.Value))
				if c.Value != 0 && (!ok || reason.Name != name) {
					t.Errorf("%s has the reason %+v", c.Name, reason)
				}
			case "Note":
				if !lines[core.Note(c.Value)] {
					t.Errorf("%s has no line", c.Name)
				}
			case "Status":
				if !fields[core.Field(c.Value)] {
					t.Errorf("%s has no field", c.Name)
				}
			case "Phase":
				same(t, words.Phase(core.Phase(c.Value)), name)
			case "Cause":
				same(t, words.Cause(core.Cause(c.Value)), name)
			case "ErrorClass":
				same(t, words.Class(core.Class(c.Value)), name)
			}
		}
	}
}

func same(t *testing.T, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%q, expected %q", got, want)
	}
}

// No name is left in braces, in any language.
func TestEveryParameterHasItsName(t *testing.T) {
	for _, l := range []words.Language{words.Go, words.Python, words.TypeScript, words.Docs} {
		for _, r := range words.Reasons {
			if text := words.In(l, r.Text); strings.ContainsAny(text, "{}") {
				t.Errorf("%q", text)
			}
		}
		for _, n := range words.Lines {
			if text := words.In(l, n.Text); strings.ContainsAny(text, "{}") {
				t.Errorf("%q", text)
			}
		}
	}
}
