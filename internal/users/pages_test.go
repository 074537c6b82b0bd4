package main

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// others are pages whose code is no program of a reader's, or is held to its source by a
// test of its own, which is named.
var others = map[string]string{
	"docs/reference/stand-in.md": "it shows a test of this project's own",
	"bindings/node/README.md":    "bindings/node/test/consumers.test.ts compiles it",
	"hostfuncs/README.md":        "hostfuncs/embedded_test.go runs it",
}

var (
	block = regexp.MustCompile("(?ms)^([^\\n]*)\\n```([a-z]+)\\n(.*?)^```$")
	// taskTold is a command of the project's as pages write it.
	taskTold = regexp.MustCompile(`\./task ([a-z][a-z0-9:-]*[a-z0-9])`)
	named    = regexp.MustCompile(`^<!-- file: (\S+) -->$`)
)

// code are the languages whose blocks must come from files.
const code = " python js ts go "

// Each block of code of the pages and READMEs stands, word for word, in the file that the
// line before it names. Those files are tests, or programs that a test runs.
func TestTheCodeOfPagesIsRun(t *testing.T) {
	programs, err := find("../../users")
	if err != nil {
		t.Fatal(err)
	}
	blocks := 0
	for _, page := range pages(t) {
		text, err := os.ReadFile(filepath.Join("../..", page))
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), "{{python") || strings.Contains(string(text), "{{tabs") {
			t.Errorf("%s has a place that was not filled in", page)
		}
		for _, b := range block.FindAllStringSubmatch(string(text), -1) {
			before, language, lines := b[1], b[2], b[3]
			if !strings.Contains(code, " "+language+" ") {
				continue
			}
			blocks++
			file := named.FindStringSubmatch(before)
			if file == nil {
				t.Errorf("%s: the line before this block names no file:\n%s", page, lines)
				continue
			}
			source, err := os.ReadFile(filepath.Join("../..", file[1]))
			if err != nil {
				t.Errorf("%s: %v", page, err)
			} else if !stands(lines, string(source)) {
				t.Errorf("%s: this block does not stand in %s:\n%s", page, file[1], lines)
			}
			if !isRun(file[1], programs) {
				t.Errorf("%s: nothing runs %s", page, file[1])
			}
		}
	}
	if blocks < 40 {
		t.Errorf("found %d blocks of code", blocks)
	}
}

// A page that is left out has code without a file, or there is no need to leave it out.
func TestOthersAreNeeded(t *testing.T) {
	for page, why := range others {
		text, err := os.ReadFile(filepath.Join("../..", page))
		if err != nil {
			t.Error(err)
			continue
		}
		needed := false
		for _, b := range block.FindAllStringSubmatch(string(text), -1) {
			needed = needed || strings.Contains(code, " "+b[2]+" ") && !named.MatchString(b[1])
		}
		if !needed {
			t.Errorf("%s (%s): all its code names its file", page, why)
		}
	}
}

// Whoever follows a page types its commands.
func TestTheTasksOfPagesAreThere(t *testing.T) {
	files, err := filepath.Glob("../../taskfiles/*.yml")
	if err != nil {
		t.Fatal(err)
	}
	var tasks strings.Builder
	for _, file := range append(files, "../../Taskfile.yml") {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		tasks.Write(text)
	}
	all := pages(t)
	for page := range others {
		all = append(all, page)
	}
	found := 0
	for _, page := range all {
		text, err := os.ReadFile(filepath.Join("../..", page))
		if err != nil {
			t.Fatal(err)
		}
		for _, told := range taskTold.FindAllStringSubmatch(string(text), -1) {
			found++
			if !strings.Contains(tasks.String(), "\n  "+told[1]+":\n") {
				t.Errorf("%s: there is no ./task %s", page, told[1])
			}
		}
	}
	if found < 30 {
		t.Errorf("found %d commands", found)
	}
}

// pages are the Markdown files that readers see, but for the others.
func pages(t *testing.T) (found []string) {
	t.Helper()
	for _, pattern := range []string{"*.md", "docs/*.md", "docs/*/*.md", "bindings/*/README.md", "examples/*/README.md", "*/README.md"} {
		files, err := filepath.Glob(filepath.Join("../..", pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			page := strings.TrimPrefix(filepath.ToSlash(file), "../../")
			if _, other := others[page]; !other && !slices.Contains(found, page) {
				found = append(found, page)
			}
		}
	}
	return found
}

// stands tells whether lines are in a source as they are, or indented: as the body of a
// function there.
func stands(lines, source string) bool {
	for _, indent := range []string{"", "\t", "\t\t", "    ", "  "} {
		var shifted strings.Builder
		for line := range strings.Lines(lines) {
			if strings.TrimSpace(line) != "" {
				shifted.WriteString(indent)
			}
			shifted.WriteString(line)
		}
		if strings.Contains("\n"+source, "\n"+shifted.String()) {
			return true
		}
	}
	return false
}

func TestABlockStandsInItsSource(t *testing.T) {
	const source = "func f() {\n\tg()\n\n\th()\n}\n"
	for lines, want := range map[string]bool{
		"g()\n\nh()\n": true, source: true, "g()\nh()\n": false, "()\n": false, "func f() {\ng()\n": false,
	} {
		if got := stands(lines, source); got != want {
			t.Errorf("%q stands there: %t", lines, got)
		}
	}
}

// isRun tells whether a program of the lane has a file, or whether a test is or runs it.
func isRun(file string, programs []program) bool {
	if strings.HasSuffix(file, "_test.go") {
		return true
	}
	// bindings/python/tests/test_snippets.py and bindings/node/test/snippets.test.ts run all
	// that are there and are no tests themselves.
	if dir := path.Dir(file); dir == "docs/snippets/python" || dir == "docs/snippets/node" {
		return true
	}
	for _, p := range programs {
		for _, source := range p.sources() {
			if strings.HasPrefix(file, strings.TrimPrefix(source, "../../")+"/") {
				return true
			}
		}
	}
	return false
}
