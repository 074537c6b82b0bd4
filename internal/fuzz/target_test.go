package main

import "testing"

func TestEndOfTheTimeIsNotAFinding(t *testing.T) {
	const over = "fuzz: elapsed: 3s, execs: 30872 (0/sec), new interesting: 0 (total: 7)\n" +
		"--- FAIL: FuzzEvidence (3.09s)\n    context deadline exceeded\nFAIL\nexit status 1\n"
	const finding = "--- FAIL: FuzzEvidence (0.09s)\n    --- FAIL: FuzzEvidence (0.00s)\n        fuzz_rules_test.go:99: \"x\"\n" +
		"    \n    Failing input written to testdata/fuzz/FuzzEvidence/1\nFAIL\n"
	if !timeUp.MatchString(over) || timeUp.MatchString(finding) {
		t.Errorf("over: %v, a finding: %v", timeUp.MatchString(over), timeUp.MatchString(finding))
	}
	if found := progress.FindStringSubmatch(over); len(found) != 3 || found[1] != "30872" || found[2] != "7" {
		t.Errorf("read %q", found)
	}
}

func TestTargetsAreFound(t *testing.T) {
	all, err := list([]string{"../.."})
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, each := range all {
		names[each.name] = true
	}
	for _, name := range []string{"FuzzRestore", "FuzzHistories", "FuzzModel", "FuzzCache"} {
		if !names[name] {
			t.Errorf("%s is not among %d targets", name, len(all))
		}
	}
}
