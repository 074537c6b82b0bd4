package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// pages are those whose code is run: each block stands, word for word, in the file that
// the line before it names. The files are tests of their own, or programs of the lane.
var pages = []string{"guides/testing.md", "guides/bundles.md", "guides/observing.md", "guides/many-machines.md"}

var (
	block = regexp.MustCompile("(?ms)^([^\\n]*)\\n```([a-z]+)\\n(.*?)^```$")
	named = regexp.MustCompile(`^<!-- file: (\S+) -->$`)
)

// code are the languages whose blocks must come from files.
const code = " python js ts go "

func TestTheCodeOfPagesIsRun(t *testing.T) {
	programs, err := find("../../users")
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range pages {
		text, err := os.ReadFile(filepath.Join("../../docs", page))
		if err != nil {
			t.Fatal(err)
		}
		blocks := 0
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
			} else if !strings.Contains(string(source), lines) {
				t.Errorf("%s: this block does not stand in %s:\n%s", page, file[1], lines)
			}
			if !isRun(file[1], programs) {
				t.Errorf("%s: nothing runs %s", page, file[1])
			}
		}
		if strings.Contains(string(text), "{{") {
			t.Errorf("%s has a place that was not filled in", page)
		}
		if blocks == 0 {
			t.Errorf("%s has no code", page)
		}
	}
}

// isRun tells whether a program of the lane has a file, or whether it is a test of Go's.
func isRun(file string, programs []program) bool {
	if strings.HasSuffix(file, "_test.go") {
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
