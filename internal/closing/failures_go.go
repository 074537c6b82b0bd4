package main

import (
	"regexp"
	"strings"
)

var (
	goRun     = regexp.MustCompile(`^=== RUN   (\S+)$`)
	goVerdict = regexp.MustCompile(`^\s*--- (FAIL|PASS|SKIP): (\S+) \(`)
	goPackage = regexp.MustCompile(`^(?:(?:ok  |FAIL|\?   )\t\S|FAIL$|go: )`)
	goNoTest  = regexp.MustCompile(`^package (\S+) failed, and no test of it did$`)
)

// A goReader reads what internal/gotest prints: of each test that failed or was skipped
// all that it printed, from its "=== RUN" on, then a line of its package. Packages run
// beside each other, so that a line of another one may come between.
type goReader struct {
	found   []failure
	current *failure
	verdict string
	// apart is what was last said by no test, such as by a compiler.
	apart failure
}

func failedInGo(lines []string) []failure {
	r := &goReader{}
	for _, line := range lines {
		r.line(line)
	}
	r.end()
	return withoutParents(r.found)
}

func (r *goReader) line(line string) {
	verdict := goVerdict.FindStringSubmatch(line)
	switch {
	case goRun.MatchString(line):
		r.end()
		r.current = &failure{name: "go: " + goRun.FindStringSubmatch(line)[1]}
	case goNoTest.MatchString(line):
		r.end()
		r.apart.name = "go: " + line
		r.found = append(r.found, r.apart)
		r.apart = failure{}
	case goPackage.MatchString(line):
		r.end()
	case verdict != nil:
		r.verdict = verdict[1]
	case r.current == nil:
		if strings.HasPrefix(line, "# ") {
			r.apart = failure{}
		}
		r.apart.add(line)
	case !strings.HasPrefix(line, "=== "):
		r.current.add(line)
	}
}

// end closes a test: without a verdict it was running when its package ended.
func (r *goReader) end() {
	if r.current != nil && (r.verdict == "FAIL" || r.verdict == "") {
		if r.verdict == "" {
			r.current.name += " (did not end)"
		}
		r.found = append(r.found, *r.current)
	}
	r.current, r.verdict = nil, ""
}

// withoutParents leaves out tests that failed since a part of them did.
func withoutParents(all []failure) []failure {
	var kept []failure
	for _, f := range all {
		isParent := false
		for _, other := range all {
			isParent = isParent || strings.HasPrefix(other.name, f.name+"/")
		}
		if len(f.lines) > 0 || !isParent {
			kept = append(kept, f)
		}
	}
	return kept
}
