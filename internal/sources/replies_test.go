package sources_test

import (
	"context"
	"encoding/json"
	"math"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/evercreds/evercreds/core"
	"github.com/evercreds/evercreds/internal/awstest"
	"github.com/evercreds/evercreds/internal/sources"
)

// replyRow is a row of the table of replies that every language is held to.
type replyRow struct {
	Name    string                     `json:"name"`
	Set     map[string]json.RawMessage `json:"set"`
	Refused string                     `json:"refused"` // the parameter that the error names; "": accepted
	Expiry  *int64                     `json:"expiry_ms"`
	Account string                     `json:"account"`
	In      []string                   `json:"in"` // the languages that can say it; none: all
}

type replyTable struct {
	Good map[string]json.RawMessage `json:"good"`
	Rows []replyRow                 `json:"rows"`
}

func readReplies(t *testing.T) replyTable {
	t.Helper()
	data, err := os.ReadFile("../../testdata/sources/replies.json")
	if err != nil {
		t.Fatal(err)
	}
	var table replyTable
	if err := json.Unmarshal(data, &table); err != nil {
		t.Fatal(err)
	}
	return table
}

// special is a value that JSON has no word for.
type special struct {
	Repeat    string          `json:"repeat"`
	Times     int             `json:"times"`
	Absent    bool            `json:"absent"`
	Never     bool            `json:"never"`
	InstantMs json.RawMessage `json:"instant_ms"`
}

func textOf(t *testing.T, raw json.RawMessage) string {
	t.Helper()
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return text
	}
	var s special
	if err := json.Unmarshal(raw, &s); err != nil {
		t.Fatal(err)
	}
	return strings.Repeat(s.Repeat, s.Times)
}

func expiryOf(t *testing.T, raw json.RawMessage) (at time.Time, never bool) {
	t.Helper()
	var s special
	if err := json.Unmarshal(raw, &s); err != nil {
		t.Fatal(err)
	}
	var ms int64
	switch {
	case s.Absent || s.Never:
		return time.Time{}, s.Never
	case string(s.InstantMs) == `"last"`:
		return time.Unix(math.MaxInt64-62135596800, 0), false
	case json.Unmarshal(s.InstantMs, &ms) != nil:
		t.Fatalf("%s", raw)
	}
	return time.UnixMilli(ms), false
}

func TestRepliesAreJudgedAlike(t *testing.T) {
	table := readReplies(t)
	tried := 0
	for _, row := range table.Rows {
		if row.In != nil && !slices.Contains(row.In, "go") {
			continue
		}
		tried++
		t.Run(row.Name, func(t *testing.T) {
			value := func(field string) json.RawMessage {
				if v, ok := row.Set[field]; ok {
					return v
				}
				return table.Good[field]
			}
			given := sources.Credentials{
				AccessKeyID: textOf(t, value("access_key")), SecretAccessKey: textOf(t, value("secret_key")), SessionToken: textOf(t, value("token")),
			}
			if account, ok := row.Set["account_id"]; ok {
				given.AccountID = textOf(t, account)
			}
			given.Expires, given.NoExpiry = expiryOf(t, value("expiry"))
			r, err := fetchCustom(t, func(context.Context) (sources.Credentials, error) { return given, nil })
			if row.Refused != "" {
				wantRefusal(t, err, map[string]string{
					"access_key": "AccessKeyID", "secret_key": "SecretAccessKey", "token": "SessionToken", "account_id": "AccountID", "expiry": "Expires",
				}[row.Refused])
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if row.Expiry != nil && r.ExpiryMilli() != *row.Expiry || r.AccountID != row.Account {
				t.Errorf("expiry %d, account %q", r.ExpiryMilli(), r.AccountID)
			}
		})
	}
	if tried < 60 {
		t.Errorf("%d rows only", tried)
	}
}

func wantRefusal(t *testing.T, err error, name string) {
	t.Helper()
	if err == nil {
		t.Fatalf("accepted; want an error that names %s", name)
	}
	e := sourceError(t, err)
	if e.Reason != core.CodeMalformed || e.Class != core.Recoverable || !strings.Contains(strings.ToLower(e.Message), strings.ToLower(name)) {
		t.Errorf("reason %v, class %v: %v, want %s to be named", e.Reason, e.Class, e, name)
	}
}

// The same judge checks a service's replies. In XML and JSON some characters change on
// the way, but none becomes valid.
func TestServicesRepliesAreJudgedAlike(t *testing.T) {
	standIn := startStandIn(t, awstest.Config{})
	role := newSTS(t, baseConfig(standIn), sources.AssumeRole{RoleARN: roleARN})
	device := newIoT(t, iotParams(standIn))
	fields := map[string]string{"access_key": "AccessKeyId", "secret_key": "SecretAccessKey", "token": "SessionToken"}
	for _, row := range readReplies(t).Rows {
		field := fields[row.Refused]
		if field == "" || row.In != nil && !slices.Contains(row.In, "go") || textOf(t, row.Set[row.Refused]) == "" {
			continue
		}
		for _, source := range []sources.Source{role, device} {
			standIn.Reset()
			inject(t, standIn, awstest.Fault{Kind: awstest.KindBadField, Field: field, Value: textOf(t, row.Set[row.Refused])})
			_, err := source.Fetch(t.Context(), flight)
			t.Run(row.Name, func(t *testing.T) {
				name := field
				if strings.Contains(row.Name, "too long") {
					name = "bytes" // the whole reply is
				}
				wantRefusal(t, err, name)
			})
		}
	}
}
