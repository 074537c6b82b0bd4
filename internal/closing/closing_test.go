package main

import (
	"strings"
	"testing"
)

const wholeRun = "ok  \texample/a\t0.1s\n" +
	"DONE 20 tests, 2 skipped in 9.157s\nDONE 12 tests in 5.2s\nok  \texample/b\t0.1s\n" +
	"DONE 10 tests in 62.9s\ngo: 2 modules in 3 runs\n" +
	"....\n\x1b[32m\x1b[1m30 passed\x1b[0m, \x1b[33m1 skipped\x1b[0m\x1b[32m in 2.51s\x1b[0m\n" +
	"==== 8 passed in 7.00s ====\n" +
	"==== 9 passed, 4 deselected in 6.00s ====\n" +
	"18 passed, 1 skipped in 9.00s\n" +
	"21 passed in 12.00s\n" +
	"22 passed in 13.00s\n" +
	" \x1b[2mTest Files\x1b[22m  4 passed (4)\n" +
	"\x1b[2m      Tests \x1b[22m \x1b[1m\x1b[32m20 passed\x1b[39m\x1b[22m (20)\n" +
	"conformance: 64 scenarios, 4 hosts, 0 differences\n" +
	"host scenarios: 60 scenarios, 4 hosts, 0 differences\n" +
	"aws suite: 24/24 in 4 hosts\n" +
	"sizes: 2 artefacts, 0 over budget\n" +
	"users: 10 programs, 0 red\n" +
	"share: 5 checks, 40 processes, 12 refreshes, 900 calls, 0 failed\n" +
	"command: 9 cases, 3 clients, 0 failed\n" +
	"== the wheel, in an empty environment: 3.10\n" +
	"  60 passed, 2 deselected in 5.00s\n" +
	"wheel: 90 passed, 0 failed (Python 3.10 3.13, any)\n" +
	"check: all good\n"

func TestClosingLinesOfAWholeRun(t *testing.T) {
	lines, missing := closingLines(wholeRun)
	if missing != 0 {
		t.Errorf("missing: got %d, want 0\n%s", missing, strings.Join(lines, "\n"))
	}
	want := []string{
		"go: 40 passed, 0 failed, 2 skipped (modules: 2)",
		"pytest: 30 passed, 1 skipped in 2.51s",
		"pytest: 8 passed in 7.00s",
		"pytest: 9 passed, 4 deselected in 6.00s",
		"pytest: 18 passed, 1 skipped in 9.00s",
		"pytest: 21 passed in 12.00s",
		"pytest: 22 passed in 13.00s",
		"vitest: Tests  20 passed (20)",
		"conformance: 64 scenarios, 4 hosts, 0 differences",
		"host scenarios: 60 scenarios, 4 hosts, 0 differences",
		"aws suite: 24/24 in 4 hosts",
		"sizes: 2 artefacts, 0 over budget",
		"users: 10 programs, 0 red",
		"share: 5 checks, 40 processes, 12 refreshes, 900 calls, 0 failed",
		"command: 9 cases, 3 clients, 0 failed",
		"wheel: 90 passed, 0 failed (Python 3.10 3.13, any)",
		"check: all good",
		"258 passed, 0 failed",
	}
	if got := strings.Join(lines, "\n"); got != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", got, strings.Join(want, "\n"))
	}
}

func TestFailuresOfEveryRunnerAreCounted(t *testing.T) {
	lines, missing := closingLines("DONE 7 tests, 1 skipped, 1 failure, 1 error in 2.1s\ngo: 1 modules in 1 runs\n" +
		"==== 2 failed, 7 passed, 1 warning in 12.00s ====\n" +
		"      Tests  3 failed | 9 passed (12)\n")
	if got, want := lines[2], "pytest: 2 failed, 7 passed, 1 warning in 12.00s"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := lines[len(lines)-1], "21 passed, 6 failed"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if missing != 10 {
		t.Errorf("missing: got %d, want 10", missing)
	}
}

func TestRunnerCutShortIsReported(t *testing.T) {
	cut := strings.Replace(wholeRun, "aws suite: 24/24 in 4 hosts\n", "", 1)
	lines, missing := closingLines(cut)
	if missing != 1 || !strings.Contains(strings.Join(lines, "\n"), "aws suite: did not come to its end") {
		t.Errorf("missing: got %d, want 1\n%s", missing, strings.Join(lines, "\n"))
	}
}

func TestMissingRunIsReported(t *testing.T) {
	for run, runner := range map[string]string{"21 passed in 12.00s\n": "pytest", "DONE 12 tests in 5.2s\n": "go", "go: 2 modules in 3 runs\n": "go"} {
		lines, missing := closingLines(strings.Replace(wholeRun, run, "", 1))
		if missing != 1 || !strings.Contains(strings.Join(lines, "\n"), runner+": did not come to its end") {
			t.Errorf("missing: got %d, want 1\n%s", missing, strings.Join(lines, "\n"))
		}
	}
}

func TestAPackageThatFailsIsNoTest(t *testing.T) {
	lines, _ := closingLines("DONE 1 tests, 2 failures in 1.026s\ngo: 1 modules in 1 runs\n")
	if got, want := lines[0], "go: 0 passed, 2 failed, 0 skipped (modules: 1)"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestAPytestSetupErrorIsAFailure(t *testing.T) {
	lines, _ := closingLines("7 passed, 2 errors in 1.00s\n")
	if got, want := lines[len(lines)-1], "7 passed, 2 failed"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
