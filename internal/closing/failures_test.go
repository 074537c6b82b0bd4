package main

import (
	"fmt"
	"strings"
	"testing"
)

const failedRun = `ok  	example/a	0.1s
FAIL
FAIL	example/c	52.019s
# example/d
d/d_test.go:2:13: expected ')', found 'EOF'
FAIL	example/d [setup failed]

=== Skipped
=== SKIP: a TestLater (0.00s)
    a_test.go:3: not here

=== Failed
=== FAIL: a TestGone (0.30s)
    a_test.go:7: got 1,
        want 2

=== FAIL: a TestTable/row (0.00s)
    a_test.go:9: no row

=== FAIL: a TestTable (0.00s)

=== FAIL: d  (0.00s)
FAIL	example/d [setup failed]

=== Errors
d/d_test.go:2:13: expected ')', found 'EOF'


DONE 46 tests, 2 skipped, 4 failures, 1 error in 1.057s
go: 1 modules in 1 runs
EF.F                                                   [100%]
========================= ERRORS ==========================
_____________ ERROR at setup of test_set_up _______________

>       raise RuntimeError("no set-up")
E       RuntimeError: no set-up

test_a.py:4: RuntimeError
======================== FAILURES =========================
____________________ TestIt.test_one[a::b] ____________________

>       assert x == 2, "words"
E       AssertionError: words
E       assert 1 == 2
----------------- Captured stdout call --------------------
E   is no error here
================= short test summary info =================
ERROR tests/test_a.py::test_set_up - RuntimeError: no set-up
FAILED tests/test_a.py::TestIt::test_one[a::b] - AssertionError: words
FAILED tests/test_a.py::test_short - assert 3 == 4
2 failed, 1 passed, 1 error in 1.75s
Timeout (0:10:00)!
  File "tests/test_a.py", line 9 in test_hangs
` + " \x1b[31m❯\x1b[39m test/a.test.ts \x1b[2m(\x1b[22m4 tests)\n" +
	"\x1b[31m⎯⎯⎯⎯⎯⎯⎯\x1b[39m Failed Tests 2 \x1b[31m⎯⎯⎯⎯⎯⎯⎯\x1b[39m\n\n" +
	"\x1b[41m\x1b[1m FAIL \x1b[22m\x1b[49m test/a.test.ts\x1b[2m > \x1b[22mit is\n" +
	"\x1b[31m\x1b[1mAssertionError\x1b[22m: expected 'a' to contain 'b'\x1b[39m\n\n" +
	"Expected: \x1b[32m\"b\"\x1b[39m\n\n" +
	"\x1b[36m \x1b[2m❯\x1b[22m test/a.test.ts:3:49\n" +
	"    \x1b[90m  1|\x1b[39m import\n" +
	"\x1b[31m\x1b[2m⎯⎯⎯⎯⎯⎯⎯⎯[1/2]⎯\x1b[22m\x1b[39m\n\n" +
	"\x1b[41m\x1b[1m FAIL \x1b[22m\x1b[49m test/b.test.ts [ test/b.test.ts ]\n" +
	"Error: no such file\n" +
	"⎯⎯⎯⎯⎯⎯ Unhandled Rejection ⎯⎯⎯⎯⎯\n" +
	"Error: nobody waits\n" +
	" ❯ src/a.ts:1:1\n" +
	"      Tests  1 failed | 9 passed (10)\n"

func TestEachFailedTestIsNamedWithItsError(t *testing.T) {
	want := `failed tests: 11
go: a TestGone
    a_test.go:7: got 1,
    want 2
go: a TestTable/row
    a_test.go:9: no row
go: d
    FAIL	example/d [setup failed]
go: errors
    d/d_test.go:2:13: expected ')', found 'EOF'
pytest: tests/test_a.py::test_set_up
    RuntimeError: no set-up
pytest: tests/test_a.py::TestIt::test_one[a::b]
    AssertionError: words
    assert 1 == 2
pytest: tests/test_a.py::test_short
    assert 3 == 4
pytest: Timeout (0:10:00)!
    File "tests/test_a.py", line 9 in test_hangs
vitest: test/a.test.ts > it is
    AssertionError: expected 'a' to contain 'b'
    Expected: "b"
vitest: test/b.test.ts [ test/b.test.ts ]
    Error: no such file
vitest: Unhandled Rejection
    Error: nobody waits`
	if got := strings.Join(failedTests(failedRun), "\n"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestNothingIsShownIfNothingFailed(t *testing.T) {
	if got := failedTests(wholeRun); got != nil {
		t.Errorf("got\n%s", strings.Join(got, "\n"))
	}
}

func TestATestThatAPanicEndedIsNamed(t *testing.T) {
	got := failedTests("=== FAIL: a TestHangs (unknown)\npanic: test timed out after 1s\n\ngoroutine 9:\n" +
		"\nDONE 3 tests, 1 failure in 1.0s\n")
	want := "failed tests: 1\ngo: a TestHangs\n" +
		"    panic: test timed out after 1s\n    goroutine 9:"
	if strings.Join(got, "\n") != want {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), want)
	}
}

func TestShownFailuresAreBounded(t *testing.T) {
	for _, failures := range []int{1, 3, 13, 39, 40, 1000} {
		var log strings.Builder
		for i := range failures {
			fmt.Fprintf(&log, "=== FAIL: a TestA%d (0.00s)\n", i)
			for line := range 12 {
				fmt.Fprintf(&log, "line %d: %s\n", line, strings.Repeat("ü", 500))
			}
		}
		got := failedTests(log.String())
		if len(got) > mostLines || len(strings.Join(got, "\n")) > 2*mostLines*(longestLine+20) {
			t.Errorf("%d failures: got %d lines", failures, len(got))
		}
		if failures <= 39 && !strings.Contains(strings.Join(got, "\n"), fmt.Sprint("TestA", failures-1)) {
			t.Errorf("%d failures: the last is not named", failures)
		}
		if failures == 1000 && got[len(got)-1] != "and 962 more" {
			t.Errorf("got %q", got[len(got)-1])
		}
	}
}

func TestWhatFailedOfTheWheelIsNamed(t *testing.T) {
	log := "== the wheel, in an empty environment: 3.10\n  E\n" +
		"  ____ test_odd ____\n  \n  E       assert 1 == 2\n\n  FAILED tests/test_a.py::test_odd - assert 1 == 2\n" +
		"wheel: 1 passed, 1 failed (Python 3.10, any)\n  FAILED tests/test_a.py::test_no_test - not in a log\n"
	lines := failedTests(log)
	if got, want := strings.Join(lines, "|"), "failed tests: 1|pytest: tests/test_a.py::test_odd|    assert 1 == 2"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestWhatSharingMissedIsNamed(t *testing.T) {
	lines := failedTests("kill file: failed 0\nkill file: MISSED net calls/refresh: 1.50, at most 1.02\nkill file: FAILED after 3s\n")
	if got, want := strings.Join(lines, "|"), "failed tests: 1|share: kill file|    net calls/refresh: 1.50, at most 1.02"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestTheCommandsCasesThatFailedAreNamed(t *testing.T) {
	lines := failedTests("ok     a wrong token (0.7 s)\nFAILED IMDSv2 (1.2 s)\n       Go: no credentials\nok     others (0.1 s)\n       not of it\ncommand: 3 cases, 3 clients, 1 failed\n")
	if got, want := strings.Join(lines, "|"), "failed tests: 1|command: IMDSv2|    Go: no credentials"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
