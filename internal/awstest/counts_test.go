//go:build go1.25

package awstest

import (
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestCounts(t *testing.T) {
	s, clock := start(t, Config{Lifetime: 10 * time.Second})
	first := assume(t, s, role)
	clock.advance(time.Second)
	second := assume(t, s, role)
	inject(t, s, Fault{Kind: KindAccessDenied, Role: role, Count: 1})
	wantCode(t, tryAssume(t, s, role), "AccessDenied")
	_ = identity(t, s, second)
	send(t, deviceClient(t, s, 0), iotRequest(t, s.TLSURL+aliasPath))

	now := clock.Now().UnixMilli()
	got := s.Counts()
	want := Counts{
		Roles: map[string]SourceCounts{role: {
			Tally: Tally{Attempts: 3, Successes: 2, Failures: 1, ConcurrentMax: 1},
			Issued: []Issue{
				{first.AccessKeyID, now - 1000, now + 9000},
				{second.AccessKeyID, now, now + 10_000},
			},
		}},
		Aliases: map[string]SourceCounts{DefaultAlias: {Tally: Tally{1, 0, 1, 1}, Issued: []Issue{}}},
		Actions: map[string]Tally{
			ActionAssumeRole:        {3, 2, 1, 1},
			ActionGetCallerIdentity: {1, 1, 0, 1},
			ActionRoleAlias:         {1, 0, 1, 1},
		},
		Errors:        map[string]int{"AccessDenied": 2},
		ConcurrentMax: 1,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}

	s.Reset()
	if got := s.Counts(); len(got.Roles)+len(got.Aliases)+len(got.Actions)+len(got.Errors)+got.ConcurrentMax != 0 {
		t.Errorf("after Reset: %+v", got)
	}
	if err := identity(t, s, second); err != nil {
		t.Errorf("Reset must leave sets valid: %v", err)
	}
}

func TestConcurrentMax(t *testing.T) {
	s, _ := start(t, Config{})
	inject(t, s, Fault{Kind: KindHang, Role: role})
	var calls sync.WaitGroup
	for range 5 {
		calls.Go(func() { _ = tryAssume(t, s, role) })
	}
	until(t, func() bool { return s.Counts().Errors["Hang"] == 5 })
	assume(t, s, s.RoleARN)
	got := s.Counts()
	if got.ConcurrentMax != 6 || got.Roles[role].ConcurrentMax != 5 || got.Roles[s.RoleARN].ConcurrentMax != 1 {
		t.Errorf("%+v", got)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	calls.Wait()
}

// A call that was under way when the counts were cleared belongs to the past.
func TestClearForgetsCallsUnderWay(t *testing.T) {
	n := newCounter()
	old, next := &call{action: ActionAssumeRole, source: role}, &call{action: ActionAssumeRole, source: role}
	leave := n.enter(old)
	n.clear()
	n.failure(old, "Odd")
	n.issued(old, issued{}, time.Now())
	leave()
	n.enter(next)
	if len(n.errors) != 0 || len(n.issue) != 0 || n.all.Failures != 0 || n.all.ConcurrentMax != 1 {
		t.Errorf("%+v", n)
	}
}

func TestIssuesAreUnique(t *testing.T) {
	s, _ := start(t, Config{})
	seen := map[string]bool{}
	var mu sync.Mutex
	var calls sync.WaitGroup
	for range 8 {
		calls.Go(func() {
			for range 10 {
				set := s.vault.issue(principal{source: role}, s.Now())
				mu.Lock()
				for _, part := range []string{set.AccessKeyID, set.SecretAccessKey, set.SessionToken} {
					if seen[part] {
						t.Error("a part of a set came twice")
					}
					seen[part] = true
				}
				mu.Unlock()
			}
		})
	}
	calls.Wait()
	if len(seen) != 240 {
		t.Errorf("%d parts", len(seen))
	}
}
