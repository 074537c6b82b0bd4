package main

import (
	"regexp"
	"strings"
)

var (
	// What gotestsum says of a test that failed, or of a package of which no test did.
	goFailed = regexp.MustCompile(`^=== FAIL: (.+?) +\([^()]*\)$`)
	// What does not compile comes after that.
	goErrors = regexp.MustCompile(`^=== Errors$`)
	goEnd    = regexp.MustCompile(`^(?:=== [A-Z]|DONE \d)`)
)

func failedInGo(lines []string) []failure {
	var found []failure
	inside := false
	for _, line := range lines {
		switch match := goFailed.FindStringSubmatch(line); {
		case match != nil:
			found, inside = append(found, failure{name: "go: " + match[1]}), true
		case goErrors.MatchString(line):
			found, inside = append(found, failure{name: "go: errors"}), true
		case goEnd.MatchString(line):
			inside = false
		case inside:
			found[len(found)-1].add(line)
		}
	}
	return withoutParents(found)
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
