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
}

// runners are those of ./task test and ./task check, in the order they run.
var runners = []runner{
	{"go", regexp.MustCompile(`^go: \d+ passed, \d+ failed`), true},
	// "3 passed in 0.1s", with or without rulers and other counts around it.
	{"pytest", regexp.MustCompile(`^(=+ )?(\d+ [a-z]+, )*\d+ [a-z]+ in [\d.]+s`), true},
	{"vitest", regexp.MustCompile(`^\s*Tests\s+\d+ (passed|failed|skipped)`), true},
	{"conformance", regexp.MustCompile(`^conformance: \d+ scenarios`), false},
	{"aws suite", regexp.MustCompile(`^aws suite: `), false},
	{"sizes", regexp.MustCompile(`^sizes: \d+ artefacts`), false},
	{"check", regexp.MustCompile(`^check: all good`), false},
}

var (
	colour = regexp.MustCompile("\x1b\\[[0-9;]*m")
	passed = regexp.MustCompile(`(\d+) passed`)
	// A pytest error is a test that could not even be set up.
	failed = regexp.MustCompile(`(\d+) (?:failed|errors?)\b`)
)

// closingLines returns a line for each runner in log, a line of totals, and how
// many runners have no closing line.
func closingLines(log string) (lines []string, missing int) {
	all := strings.Split(colour.ReplaceAllString(log, ""), "\n")
	passes, failures := 0, 0
	for _, r := range runners {
		line, found := lastMatch(all, r.closing)
		if !found {
			missing++
			lines = append(lines, r.name+": did not come to its end")
			continue
		}
		if !strings.HasPrefix(line, r.name) {
			line = r.name + ": " + line
		}
		lines = append(lines, line)
		if r.counts {
			passes += number(passed, line)
			failures += number(failed, line)
		}
	}
	return append(lines, fmt.Sprintf("%d passed, %d failed", passes, failures)), missing
}

// lastMatch returns the last of lines that pattern matches, without the blanks
// and pytest's rulers around it.
func lastMatch(lines []string, pattern *regexp.Regexp) (string, bool) {
	for i := len(lines) - 1; i >= 0; i-- {
		if pattern.MatchString(lines[i]) {
			return strings.Trim(lines[i], "= \t\r"), true
		}
	}
	return "", false
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
