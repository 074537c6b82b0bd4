package main

import (
	"strings"
	"testing"
)

// These scenarios are in the format of AWS's suite and in words of our own.
const suite = `[
  {"documentation": "a failing source is left alone",
   "given": {"cachedCredentials": "expired", "accessKeyId": "K1", "refreshBackoffSeconds": 500},
   "steps": [
     {"type": "getCredentials", "response": "error",
      "expected": {"result": "cachedCredentials", "sourceContacted": true, "rateLimited": false}},
     {"type": "advanceTime", "seconds": 490},
     {"type": "invalidate", "rejectedAccessKeyId": "K1"},
     {"type": "getCredentials",
      "expected": {"result": "cachedCredentials", "sourceContacted": false, "rateLimited": true}},
     {"type": "advanceTime", "seconds": 20},
     {"type": "getCredentials", "response": "freshCredentials", "lifetimeSeconds": 7200,
      "expected": {"result": "newCredentials", "sourceContacted": true, "rateLimited": false, "advisoryWindowSeconds": 3600}}]},
  {"documentation": "a window of one's own",
   "given": {"cachedCredentials": "advisory", "configuredAdvisoryWindowSeconds": 1200},
   "steps": [
     {"type": "getCredentials", "response": "nonRecoverableError",
      "expected": {"result": "nonRecoverableError", "sourceContacted": true, "rateLimited": false, "advisoryWindowSeconds": 1200}}]}
]`

func TestSuitePasses(t *testing.T) {
	scenarios, err := loadSuite(write(t, "suite.json", suite))
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	good, err := runSuite(&out, []host{{"go", inProcess, nil}, {"too", inProcess, nil}}, scenarios)
	if err != nil || !good || !strings.HasSuffix(out.String(), "\naws suite: 2/2 in 2 hosts\n") {
		t.Errorf("good=%v, err=%v\n%s", good, err, out.String())
	}
}

// TestSuiteFindsWrongAnswers turns each expectation round: a check that cannot
// fail would prove nothing.
func TestSuiteFindsWrongAnswers(t *testing.T) {
	for _, c := range []struct{ old, new, want string }{
		{`"newCredentials", "sourceContacted": true`, `"cachedCredentials", "sourceContacted": true`, "step 6: result is newCredentials, not cachedCredentials"},
		{`"sourceContacted": false, "rateLimited": true`, `"sourceContacted": true, "rateLimited": true`, "step 4: sourceContacted is false, not true"},
		{`"sourceContacted": false, "rateLimited": true`, `"sourceContacted": false, "rateLimited": false`, "step 4: rateLimited is true, not false"},
		{`"advisoryWindowSeconds": 3600`, `"advisoryWindowSeconds": 900`, "step 6: advisoryWindowSeconds is 3600, not 900"},
		{`"nonRecoverableError", "sourceContacted"`, `"cachedCredentials", "sourceContacted"`, "step 1: result is nonRecoverableError, not cachedCredentials"},
		{`"seconds": 490`, `"seconds": 520`, "step 4: sourceContacted is true, not false"},
		{`"seconds": 20`, `"seconds": 1`, "step 6: sourceContacted is false, not true"},
		{`"refreshBackoffSeconds": 500`, `"refreshBackoffSeconds": 700`, "none of 400 seeds draws a hold-off of 11m40s"},
	} {
		text := strings.Replace(suite, c.old, c.new, 1)
		if text == suite {
			t.Fatalf("%q is not in the suite", c.old)
		}
		scenarios, err := loadSuite(write(t, "suite.json", text))
		if err != nil {
			t.Fatal(err)
		}
		var out strings.Builder
		good, err := runSuite(&out, []host{{"go", inProcess, nil}}, scenarios)
		if err != nil || good || !strings.Contains(out.String(), c.want) || !strings.HasSuffix(out.String(), "\naws suite: 1/2 in 1 hosts\n") {
			t.Errorf("%s: good=%v, err=%v, want %q in\n%s", c.new, good, err, c.want, out.String())
		}
	}
}

func TestSuiteRefusesUnknownFields(t *testing.T) {
	for _, c := range []struct{ old, new, want string }{
		{`"seconds": 490`, `"minutes": 8`, `unknown field "minutes"`},
		{`"cachedCredentials": "expired"`, `"cachedCredentials": "stale"`, `scenario 1: cachedCredentials "stale" is not known`},
		{`"response": "error"`, `"response": "timeout"`, `scenario 1: step 1: response "timeout" is not known`},
		{`"type": "advanceTime"`, `"type": "wait"`, `scenario 1: step 2: type "wait" with these fields is not known`},
		{`"seconds": 490`, `"seconds": 490, "response": "error"`, `scenario 1: step 2: type "advanceTime" with these fields is not known`},
		{`"result": "newCredentials"`, `"result": "someCredentials"`, `scenario 1: step 6: expected.result must be one of`},
		{`, "rateLimited": true`, ``, "scenario 1: step 4: expected must have sourceContacted and rateLimited"},
	} {
		text := strings.Replace(suite, c.old, c.new, 1)
		if _, err := loadSuite(write(t, "suite.json", text)); text == suite || err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %s", c.new, err, c.want)
		}
	}
}

func TestAbsentSuiteIsSkipped(t *testing.T) {
	var out strings.Builder
	good, err := (&task{root: t.TempDir(), suite: "nowhere.json"}).run(&out)
	if err != nil || !good || out.String() != "aws suite: skipped, nowhere.json is not here\n" {
		t.Errorf("good=%v, err=%v, %q", good, err, out.String())
	}
}
