package awstest

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func control(t *testing.T, s *Server, method, path, body string) answer {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, s.URL+"/_control/"+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	return send(t, plainClient(), r)
}

// mustControl sends what must be accepted.
func mustControl(t *testing.T, s *Server, method, path, body string) answer {
	t.Helper()
	got := control(t, s, method, path, body)
	if got.status != 200 {
		t.Fatalf("%s %s: %d %s", method, path, got.status, got.body)
	}
	return got
}

func TestControl(t *testing.T) {
	s, clock := start(t, Config{})

	mustControl(t, s, "POST", "lifetime", `{"source":"`+role+`","lifetime_ms":2500}`)
	creds := assume(t, s, role)
	if got := creds.Expires.Sub(clock.Now()); got != 2500*time.Millisecond {
		t.Errorf("lifetime %v", got)
	}

	mustControl(t, s, "POST", "revoke", `{"access_key_id":"`+creds.AccessKeyID+`"}`)
	wantCode(t, identity(t, s, creds), "ExpiredToken")

	var counts Counts
	if err := json.Unmarshal([]byte(mustControl(t, s, "GET", "counts", "").body), &counts); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(s.Counts(), counts); diff != "" || counts.Errors["ExpiredToken"] != 1 {
		t.Errorf("-method +http\n%s", diff)
	}

	mustControl(t, s, "POST", "faults", `{"kind":"error","code":"Odd","status":418,"role":"`+role+`","count":2}`)
	wantCode(t, tryAssume(t, s, role), "Odd")
	if got := mustControl(t, s, "GET", "faults", "").body; !strings.Contains(got, `"count":1`) {
		t.Errorf("faults %s", got)
	}
	mustControl(t, s, "DELETE", "faults", "")
	if err := tryAssume(t, s, role); err != nil {
		t.Error(err)
	}

	mustControl(t, s, "POST", "clock", `{"offset_ms":-60000}`)
	if got := s.Now().Sub(clock.Now()); got != -time.Minute {
		t.Errorf("clock %v", got)
	}

	mustControl(t, s, "POST", "reset", "")
	if got := s.Counts(); len(got.Actions) != 0 || !s.Now().Equal(clock.Now()) || s.settings.override(role) != 0 {
		t.Errorf("reset leaves %+v, clock %v, lifetime %v", got, s.Now(), s.settings.override(role))
	}
}

func TestControlRefusals(t *testing.T) {
	s, _ := start(t, Config{})
	for _, tc := range []struct {
		method, path, body string
		status             int
		names              string
	}{
		{"POST", "faults", `{"kind":"hang","colour":1}`, 400, `unknown field "colour"`},
		{"POST", "faults", `{"kind":"hang","count":"two"}`, 400, "count"},
		{"POST", "faults", `{"kind":"hang"} {}`, 400, "nothing behind it"},
		{"POST", "faults", `[]`, 400, "one JSON object"},
		{"POST", "faults", ``, 400, "kind"},
		{"POST", "revoke", `{"access_key_id":"AKIA"}`, 400, "access_key_id"},
		{"POST", "revoke", `{"key":"AKIA"}`, 400, `unknown field "key"`},
		{"POST", "lifetime", `{"lifetime_ms":1999}`, 400, "lifetime"},
		{"POST", "lifetime", `{"lifetime_ms":9223372036854775807}`, 400, "lifetime"},
		{"POST", "lifetime", `{"source":"a b","lifetime_ms":2000}`, 400, "source"},
		{"POST", "clock", `{"offset_ms":9223372036854775807}`, 400, "offset"},
		{"POST", "reset", `{"all":true}`, 400, `unknown field "all"`},
		{"GET", "reset", ``, 405, ""},
		{"GET", "nothing", ``, 404, ""},
	} {
		got := control(t, s, tc.method, tc.path, tc.body)
		var reply struct{ Error string }
		if tc.status == 400 {
			if err := json.Unmarshal([]byte(got.body), &reply); err != nil {
				t.Errorf("%s %s: %v", tc.path, tc.body, err)
			}
		}
		if got.status != tc.status || !strings.Contains(reply.Error, tc.names) {
			t.Errorf("%s %s %s: %d %s", tc.method, tc.path, tc.body, got.status, got.body)
		}
	}
}

// A fault that could not do what it says is refused by the name of its field.
func TestFaultChecks(t *testing.T) {
	for text, field := range map[string]string{
		`{"kind":"explode"}`:                                                       "kind must",
		`{"kind":"reset","status":500}`:                                            "status has no meaning",
		`{"kind":"http","code":"X"}`:                                               "code has no meaning",
		`{"kind":"hang","message":"x"}`:                                            "message has no meaning",
		`{"kind":"expired","retry_after_s":1}`:                                     "retry_after_s has no meaning",
		`{"kind":"fixed","field":"Expiration"}`:                                    "field has no meaning",
		`{"kind":"fixed","expiration":"x"}`:                                        "expiration has no meaning",
		`{"kind":"latency","offset_ms":1}`:                                         "offset_ms has no meaning",
		`{"kind":"latency"}`:                                                       "latency_ms must",
		`{"kind":"http","status":404}`:                                             "status must",
		`{"kind":"error"}`:                                                         "code must",
		`{"kind":"error","code":"X","status":200}`:                                 "status must",
		`{"kind":"clock_offset"}`:                                                  "offset_ms must",
		`{"kind":"expired","offset_ms":-1}`:                                        "offset_ms must",
		`{"kind":"missing_field","field":"Token"}`:                                 "field must",
		`{"kind":"hang","role":"reader"}`:                                          "role must",
		`{"kind":"hang","alias":"a b"}`:                                            "alias must",
		`{"kind":"hang","role":"` + role + `","alias":"a"}`:                        "role and alias",
		`{"kind":"hang","alias":"a","action":"AssumeRole"}`:                        "action must",
		`{"kind":"hang","role":"` + role + `","action":"` + ActionRoleAlias + `"}`: "role must",
		`{"kind":"hang","action":"GetSessionToken"}`:                               "action must",
		`{"kind":"expired","action":"ListBuckets"}`:                                "action must",
		`{"kind":"hang","count":-1}`:                                               "count must",
		`{"kind":"hang","from_ms":5,"until_ms":5}`:                                 "until_ms must",
		`{"kind":"hang","remaining_min_ms":5}`:                                     "remaining_max_ms must",
		`{"kind":"hang","latency_ms":99999999999999}`:                              "latency_ms must",
	} {
		if _, err := ParseFault(text); err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("%s: got %v, want %q", text, err, field)
		}
	}
}
