//go:build go1.25

package evercreds_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/evercreds/evercreds"
)

// What a parent tells its callers at once, its child's callers hear at once too: sets that
// live for less than a minute, and the parent's end. The child calls nobody for that.
func TestAChildHearsAtOnceWhatNoWaitingMends(t *testing.T) {
	for _, c := range []struct {
		name string
		set  func(parent *evercreds.Session)
		code string
	}{
		{"its sets live for 40 s", nil, "short_base"},
		{"it is closed", func(parent *evercreds.Session) { _ = parent.Close() }, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				v := &vault{}
				v.fetch = func(context.Context, *evercreds.Flight) (evercreds.Result, error) {
					r := v.set(1, time.Now())
					r.Expires = time.Now().Add(40 * time.Second)
					return r, nil
				}
				parent := open(t, v)
				defer parent.Close()
				if c.set != nil {
					c.set(parent)
				}
				child, err := evercreds.NewSTS(aws.Config{Region: "us-east-1", Credentials: parent},
					evercreds.AssumeRole{RoleARN: "arn:aws:iam::123456789012:role/child"})
				if err != nil {
					t.Fatal(err)
				}
				defer child.Close()
				e := wantCode(t, child, evercreds.CodeSource, 0)
				if e.Class != evercreds.Permanent || e.AWSErrorCode != c.code || e.RetryAt.IsZero() {
					t.Errorf("class %s, code %q, again at %v: %v", e.Class, e.AWSErrorCode, e.RetryAt, e)
				}
			})
		})
	}
}

// titled is a source with a name of its own.
type titled struct {
	vault
	role func() string
}

func (t *titled) Role() string { return t.role() }

// A source goes by its own name. If its method panics, the session has none.
func TestASourceGoesByItsOwnName(t *testing.T) {
	for name, role := range map[string]func() string{
		"vault of the team": func() string { return "vault of the team" },
		"":                  func() string { panic("no name") },
	} {
		s, err := evercreds.New(&titled{vault{err: errors.New("sealed")}, role}, evercreds.WithMaxWait(0))
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		_, err = s.Retrieve(t.Context())
		var e *evercreds.Error
		if !errors.As(err, &e) || e.Role != name || s.Status().Role != name || !strings.Contains(err.Error(), name) {
			t.Errorf("role %q, want %q, in %v", e.Role, name, err)
		}
	}
}

// closet is a source of which a method gets credentials.
type closet struct{}

func (closet) fetch(context.Context) (evercreds.Credentials, error) {
	return evercreds.Credentials{}, errors.New("shut")
}

// A method goes by its name, without what the compiler puts after it.
func TestAMethodGoesByItsName(t *testing.T) {
	s, err := evercreds.NewCustom(closet{}.fetch, evercreds.WithMaxWait(0))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := s.Retrieve(t.Context()); !strings.Contains(err.Error(), "(calling evercreds_test.closet.fetch)") {
		t.Error(err)
	}
}
