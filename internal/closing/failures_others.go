package main

import (
	"regexp"
	"strings"
)

var (
	// The report of a test: "____ TestIt.test_one[2] ____".
	pyTitle = regexp.MustCompile(`^_+ (?:ERROR (?:at (?:setup|teardown) of|collecting) )?(.+?) _+$`)
	pyError = regexp.MustCompile(`^E   (.*)$`)
	// The summary: "FAILED tests/test_it.py::TestIt::test_one[2] - assert 1 == 2".
	pyFailed = regexp.MustCompile(`^(?:FAILED|ERROR) (\S+\.py(?:::.+?)?)(?: - (.*))?$`)
	// A test that did not end, or ended the interpreter: a trace follows.
	pyDied  = regexp.MustCompile(`^(Timeout \(\d+:\d\d:\d\d\)!|Fatal Python error: .*)$`)
	pyTrace = regexp.MustCompile(`^(?:Thread|Current thread|  File) `)
	// What a test printed, or what comes after all the reports.
	pyOther = regexp.MustCompile(`^(?:=+ .* =+|-+ Captured .* -+)$`)
)

func failedInPytest(lines []string) []failure {
	var found []failure
	said := map[string][]*failure{} // by title, in their order
	var report *failure
	for i, line := range lines {
		switch {
		case pyOther.MatchString(line):
			report = nil
		case pyDied.MatchString(line):
			f := failure{name: "pytest: " + line}
			for _, next := range lines[i+1:] {
				if next != "" && !pyTrace.MatchString(next) {
					break
				}
				f.add(next)
			}
			found = append(found, f)
		case pyFailed.MatchString(line):
			match := pyFailed.FindStringSubmatch(line)
			f := failure{name: "pytest: " + match[1]}
			title := titleOf(match[1])
			if reports := said[title]; len(reports) > 0 {
				f.lines, said[title] = reports[0].lines, reports[1:]
			} else {
				f.add(match[2])
			}
			found = append(found, f)
		case pyTitle.MatchString(line):
			report = &failure{}
			title := pyTitle.FindStringSubmatch(line)[1]
			said[title] = append(said[title], report)
		case report != nil && pyError.MatchString(line):
			report.add(pyError.FindStringSubmatch(line)[1])
		}
	}
	return found
}

// titleOf returns the title of the report on a test, which has its path only where
// the whole file failed.
func titleOf(id string) string {
	_, name, isTest := strings.Cut(id, "::")
	if !isTest {
		return id
	}
	name, row, hasRow := strings.Cut(name, "[")
	name = strings.ReplaceAll(name, "::", ".")
	if hasRow {
		name += "[" + row
	}
	return name
}

var (
	nodeFailed = regexp.MustCompile(`^ ?FAIL  (\S.*)$`)
	// What failed beside the tests: "⎯⎯⎯ Unhandled Rejection ⎯⎯⎯".
	nodeBeside = regexp.MustCompile(`^⎯+ ((?:Unhandled|Uncaught) (?:Rejection|Exception|Error)) ⎯+$`)
	nodeEnd    = regexp.MustCompile(`^(?:⎯⎯|\s*❯ |\s*Test Files )`)
)

func failedInVitest(lines []string) []failure {
	var found []failure
	inside := false
	for _, line := range lines {
		match := nodeFailed.FindStringSubmatch(line)
		if match == nil {
			match = nodeBeside.FindStringSubmatch(line)
		}
		switch {
		case match != nil:
			found = append(found, failure{name: "vitest: " + match[1]})
			inside = true
		case nodeEnd.MatchString(line):
			inside = false
		case inside:
			found[len(found)-1].add(line)
		}
	}
	return found
}

// What a check of processes that share has missed: "kill file: MISSED failed: 2".
var shareMissed = regexp.MustCompile(`^([a-z][a-z -]*): MISSED (.*)$`)

func failedInShare(lines []string) (found []failure) {
	for _, line := range lines {
		if match := shareMissed.FindStringSubmatch(line); match != nil {
			f := failure{name: "share: " + match[1]}
			f.add(match[2])
			found = append(found, f)
		}
	}
	return found
}

// A case of the command's contract: "FAILED IMDSv2 (0.7 s)", and then what came instead.
var caseFailed = regexp.MustCompile(`^FAILED (.+) \(\d+\.\d s\)$`)

func failedInCommand(lines []string) (found []failure) {
	inside := false
	for _, line := range lines {
		match := caseFailed.FindStringSubmatch(line)
		switch {
		case match != nil:
			found = append(found, failure{name: "command: " + match[1]})
			inside = true
		case !strings.HasPrefix(line, "       "):
			inside = false
		case inside:
			found[len(found)-1].add(line)
		}
	}
	return found
}
