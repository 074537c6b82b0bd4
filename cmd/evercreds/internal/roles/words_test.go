package roles

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// foreign has what no user of the file knows: the YAML library's words, and Go's.
var foreign = regexp.MustCompile(`roles\.|!!|unmarshal|yaml:|\[\]|\n|config: `)

// TestErrorsOfTheFileAreInItsWords: each is one line, and shows no value that is no name: it
// may be a secret in the wrong place.
func TestErrorsOfTheFileAreInItsWords(t *testing.T) {
	many := ""
	for i := range 20 {
		many += fmt.Sprintf("\nwrong%d: 1", i)
	}
	for _, c := range []struct{ file, want string }{
		{"roles: { app: { sts: { secret: SUPERSECRET } } }", "sts has no key secret"},
		{"SUPERSECRET", "line 1: must be a mapping, and not a text"},
		{"roles: { app: SUPERSECRET }", "must be a mapping, and not a text"},
		{"roles: { app: { sts: { duration_seconds: SUPERSECRET } } }", "must be a whole number, and not a text"},
		{"roles: { app: { sts: { external_id: [SUPERSECRET] } } }", "must be a text, and not a list"},
		{"roles: { app: { sts: { tags: SUPERSECRET } } }", "must be a mapping of texts, and not a text"},
		{"metrics: SUPERSECRET", "must be true or false, and not a text"},
		{"hosts: SUPERSECRET", "must be a list of texts, and not a text"},
		{"roles: { app: { source_role: , sts: { role_arn: 'arn:aws:iam::123456789012:role/app' } } }", "source_role has no value"},
		{"roles: { app: { profile: '' } }", "profile has no value"},
		{"roles: { app: { sts: } }", "sts has no value"},
		{"roles: [", "line 1: "},
		{"roles: { a/b: {} }", `got "a/b"`},
		{"roles: { app.: {} }", "nor end with ."},
		{"roles: { app: {}, app: {} }", "already defined"},
		{"roles: { app: {}, App: {} }", "roles App and app: names must differ by more than capitals"},
		{"roles: { app: {} }\n---\nroles: { other: {} }", "more after the first document"},
		{"roles: { app: { endpoint_url: 'http//user:SUPERSECRET@x' } }", "endpoint_url (--endpoint-url): must be a URL"},
		{"# " + strings.Repeat("x", most), "longer than"},
		{strings.TrimSpace(many), "and "},
	} {
		path := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(path, []byte(c.file), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := Read(path)
		if err == nil {
			t.Errorf("%.60q is taken", c.file)
			continue
		}
		said, ok := strings.CutPrefix(err.Error(), "config: ")
		if !ok || !strings.Contains(said, c.want) || foreign.MatchString(said) || strings.Contains(said, "SUPER") || len(said) > 400+len(path) {
			t.Errorf("%.60q: %s", c.file, err)
		}
	}
}

func TestWhatMayBeEmpty(t *testing.T) {
	for _, file := range []string{"", "# nothing", "roles:", "roles: { a: }", "roles: { a: { sts: { role_arn: 'arn:aws:iam::123456789012:role/app', tags: { a: '' } } } }"} {
		if _, err := Parse([]byte(file)); err != nil {
			t.Errorf("%q: %v", file, err)
		}
	}
}

func TestAnUnknownRoleIsToldWhichThereAre(t *testing.T) {
	file := &File{Roles: map[string]*Role{}}
	if _, err := file.Role("app"); err == nil || !strings.Contains(err.Error(), "the file has none") {
		t.Errorf("got %v", err)
	}
	for i := range 5000 {
		file.Roles[fmt.Sprintf("r%d", i)] = &Role{}
	}
	if _, err := file.Role("app"); err == nil || !strings.Contains(err.Error(), "and 4990 more") {
		t.Errorf("got %.200v", err)
	}
}
