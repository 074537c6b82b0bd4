package main

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// A runner is recognised by its closing line.
type runner struct {
	name    string
	closing *regexp.Regexp
	// counts tells that the line holds numbers of tests passed and failed.
	counts bool
	// runs is how often it runs, each time with a closing line.
	runs int
}

// runners are those of ./task test and ./task check, in the order they run.
var runners = []runner{
	{"go", regexp.MustCompile(`^go: \d+ passed, \d+ failed`), true, 1},
	// "3 passed in 0.1s", with or without rulers and other counts around it. It
	// runs four times in the first of three virtual environments, and once in the others.
	// What the wheel's runs print is set off, and counted in a line of its own.
	{"pytest", regexp.MustCompile(`^(=+ )?(\d+ [a-z]+, )*\d+ [a-z]+ in [\d.]+s`), true, 6},
	{"vitest", regexp.MustCompile(`^\s*Tests\s+\d+ (passed|failed|skipped)`), true, 1},
	{"conformance", regexp.MustCompile(`^conformance: \d+ scenarios`), false, 1},
	{"host scenarios", regexp.MustCompile(`^host scenarios: \d+ scenarios`), false, 1},
	{"aws suite", regexp.MustCompile(`^aws suite: `), false, 1},
	{"sizes", regexp.MustCompile(`^sizes: \d+ artefacts`), false, 1},
	{"users", regexp.MustCompile(`^users: \d+ programs, \d+ red`), false, 1},
	{"share", regexp.MustCompile(`^share: \d+ checks, \d+ processes`), false, 1},
	{"command", regexp.MustCompile(`^command: \d+ cases, \d+ clients`), false, 1},
	{"wheel", regexp.MustCompile(`^wheel: \d+ passed, \d+ failed`), true, 1},
	{"check", regexp.MustCompile(`^check: all good`), false, 1},
}

var (
	colour = regexp.MustCompile("\x1b\\[[0-9;]*m")
	// One for each run, and then how many modules and runs there are.
	goDone    = regexp.MustCompile(`^DONE (\d+) tests?\b`)
	goModules = regexp.MustCompile(`^go: (\d+) modules in (\d+) runs$`)
	skipped   = regexp.MustCompile(`(\d+) skipped`)
	passed    = regexp.MustCompile(`(\d+) passed`)
	// A pytest error is a test that could not even be set up.
	failed = regexp.MustCompile(`(\d+) (?:failed|failures?|errors?)\b`)
)

// closingLines returns a line for each runner in log, a line of totals, and how
// many runners have no closing line.
func closingLines(log string) (lines []string, missing int) {
	all := strings.Split(colour.ReplaceAllString(log, ""), "\n")
	all = append(all, goLine(all)...)
	passes, failures := 0, 0
	for _, r := range runners {
		found := lastMatches(all, r.closing, r.runs)
		if len(found) < r.runs {
			missing++
			lines = append(lines, r.name+": did not come to its end")
		}
		for _, line := range found {
			if !strings.HasPrefix(line, r.name) {
				line = r.name + ": " + line
			}
			lines = append(lines, line)
			if r.counts {
				passes += number(passed, line)
				failures += number(failed, line)
			}
		}
	}
	return append(lines, fmt.Sprintf("%d passed, %d failed", passes, failures)), missing
}

// goLine sums up what gotestsum said of each module, once all of them are through.
func goLine(lines []string) []string {
	tests, skips, failures, runs := 0, 0, 0, 0
	for _, line := range lines {
		if done := goDone.FindStringSubmatch(line); done != nil {
			runs++
			tests += number(goDone, line)
			skips += number(skipped, line)
			// An error is a package that does not compile, which is one of the failures, too.
			failures += number(failed, line)
		}
		if all := goModules.FindStringSubmatch(line); all != nil && all[2] == strconv.Itoa(runs) {
			passes := max(0, tests-skips-failures) // a package that failed by itself is no test
			return []string{fmt.Sprintf("go: %d passed, %d failed, %d skipped (modules: %s)", passes, failures, skips, all[1])}
		}
	}
	return nil
}

// lastMatches returns the last of lines that pattern matches, at most so many,
// in their order, without the blanks and pytest's rulers around them.
func lastMatches(lines []string, pattern *regexp.Regexp, most int) []string {
	var found []string
	for _, line := range lines {
		if pattern.MatchString(line) {
			found = append(found, strings.Trim(line, "= \t\r"))
		}
	}
	return found[max(0, len(found)-most):]
}

// number returns the number that pattern's group holds in line, 0 without one.
func number(pattern *regexp.Regexp, line string) int {
	match := pattern.FindStringSubmatch(line)
	if match == nil {
		return 0
	}
	// The pattern let only digits through; a number past int's range is no count.
	n, err := strconv.Atoi(match[1])
	if err != nil {
		return 0
	}
	return n
}
