//go:build go1.25 && (linux || darwin)

package evercreds_test

import (
	"bytes"
	"context"
	"errors"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/evercreds/evercreds"
	"github.com/evercreds/evercreds/internal/awstest"
	"github.com/evercreds/evercreds/share"
)

// fileStore is the store of one process, in a directory of the test's.
func fileStore(t *testing.T, dir string) *share.FileStore {
	t.Helper()
	f, err := share.File(dir)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// patient gives the calls of a file store ten seconds, not a quarter: a machine under load
// is no fault of the store's.
type patient struct{ *share.FileStore }

func (p patient) Figures() share.Figures {
	f := p.FileStore.Figures()
	f.Call = 10 * time.Second
	return f
}

func groupDir(t *testing.T) string { return filepath.Join(t.TempDir(), "group") }

// eventually waits for what other goroutines do; the machine may be slow.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if is() {
			return
		}
	}
	t.Errorf("it never came to it that %s", what)
}

// callers of three sessions ask at once; the store has nothing: one of them calls STS, and
// the others adopt its set.
func TestSessionsShareOneRefresh(t *testing.T) {
	server, cfg := startStandIn(t, 0)
	dir := groupDir(t)
	var sessions []*evercreds.Session
	var all sync.WaitGroup
	keys := make([]string, 3)
	for i := range keys {
		s := newSTS(t, cfg, evercreds.WithShare(patient{fileStore(t, dir)}))
		sessions = append(sessions, s)
		all.Go(func() {
			c, err := s.Retrieve(t.Context())
			if err != nil {
				t.Error(err)
			}
			keys[i] = c.AccessKeyID
		})
	}
	all.Wait()
	if keys[0] == "" || keys[0] != keys[1] || keys[0] != keys[2] {
		t.Errorf("the sets are %v", keys)
	}
	counts := server.Counts()
	if calls := counts.Actions["AssumeRole"].Attempts; calls != 1 {
		t.Errorf("%d calls of AssumeRole", calls)
	}
	var sum evercreds.Status
	for _, s := range sessions {
		st := s.Status()
		sum.ShareAdopted += st.ShareAdopted
		sum.Starts += st.Starts
		sum.ShareAlone += st.ShareAlone
	}
	if sum.ShareAdopted != 2 || sum.Starts != 1 || sum.ShareAlone != 0 {
		t.Errorf("adopted %d, started %d, alone %d", sum.ShareAdopted, sum.Starts, sum.ShareAlone)
	}
	eventually(t, "the set is published", func() bool {
		return sessions[0].Status().SharePublished+sessions[1].Status().SharePublished+sessions[2].Status().SharePublished == 1
	})
}

// another role, another principal, another key: no session takes a set that is not its own.
func TestGroupsDoNotMeet(t *testing.T) {
	server, cfg := startStandIn(t, 0)
	dir := groupDir(t)
	store := patient{fileStore(t, dir)}
	key, other := bytes.Repeat([]byte{1}, 32), bytes.Repeat([]byte{2}, 32)
	role := evercreds.AssumeRole{RoleARN: roleARN}
	for i, c := range []struct {
		role evercreds.AssumeRole
		opts []evercreds.Option
	}{
		{role, nil},
		{evercreds.AssumeRole{RoleARN: roleARN, RoleSessionName: "other"}, nil},
		{evercreds.AssumeRole{RoleARN: roleARN, Duration: 30 * time.Minute}, nil},
		{role, []evercreds.Option{evercreds.WithSharePrincipal("build")}},
		{role, []evercreds.Option{evercreds.WithShareKey(key)}},
		{role, []evercreds.Option{evercreds.WithShareKey(other)}},
		// the name of this one is that of the one before last, but its key does not open it
		{role, []evercreds.Option{evercreds.WithShareKey(other), evercreds.WithShareNameKey(key)}},
	} {
		s, err := evercreds.NewSTS(cfg, c.role, append(c.opts, evercreds.WithShare(store))...)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Retrieve(t.Context()); err != nil {
			t.Error(err)
		}
		if st := s.Status(); st.ShareAdopted != 0 || st.Starts != 1 {
			t.Errorf("case %d: adopted %d, started %d", i, st.ShareAdopted, st.Starts)
		}
		_ = s.Close()
	}
	if calls := server.Counts().Actions["AssumeRole"].Attempts; calls != 7 {
		t.Errorf("%d calls of AssumeRole", calls)
	}
}

// both halves of a fleet meet at every step of a rotation.
func TestKeysAreRotated(t *testing.T) {
	server, cfg := startStandIn(t, 0)
	store := patient{fileStore(t, groupDir(t))}
	before, after := bytes.Repeat([]byte{1}, 32), bytes.Repeat([]byte{2}, 32)
	first := []evercreds.Option{evercreds.WithShareKey(before)}
	second := []evercreds.Option{evercreds.WithShareKey(before, after), evercreds.WithShareNameKey(before)}
	third := []evercreds.Option{evercreds.WithShareKeys(func(context.Context) ([][]byte, error) { return [][]byte{after, before}, nil })}
	for i, opts := range [][]evercreds.Option{first, second, third, second, first} {
		s := newSTS(t, cfg, append(opts, evercreds.WithShare(store))...)
		if _, err := s.Retrieve(t.Context()); err != nil {
			t.Error(err)
		}
		if adopted := s.Status().ShareAdopted; (adopted == 1) != (i > 0) {
			t.Errorf("step %d: adopted %d", i, adopted)
		}
		eventually(t, "the turn is over", func() bool { return s.Status().Share == evercreds.ShareIdle })
		if i == 0 {
			eventually(t, "the set is published", func() bool { return s.Status().SharePublished == 1 })
		}
	}
	if calls := server.Counts().Actions["AssumeRole"].Attempts; calls != 1 {
		t.Errorf("%d calls of AssumeRole", calls)
	}
}

// one client in one of three sessions is refused each set: its session fetches for it, and
// the others' callers keep what they hold until they look.
func TestOneSickClient(t *testing.T) {
	server, cfg := startStandIn(t, 0)
	dir := groupDir(t)
	var sessions []*evercreds.Session
	for range 3 {
		s := newSTS(t, cfg, evercreds.WithShare(patient{fileStore(t, dir)}), evercreds.WithMaxWait(0))
		if _, err := s.Retrieve(t.Context()); err != nil {
			t.Fatal(err)
		}
		eventually(t, "the turn is over", func() bool { return s.Status().Share == evercreds.ShareIdle })
		sessions = append(sessions, s)
	}
	first, _ := sessions[1].Retrieve(t.Context())
	refused, _ := sessions[0].Retrieve(t.Context())
	next, err := sessions[0].Credentials(t.Context(), evercreds.OtherThan(refused))
	if err != nil || next.AccessKeyID == refused.AccessKeyID {
		t.Fatalf("got %v, %v", next.AccessKeyID, err)
	}
	// it is refused the new one too: what is fetched then comes at the pace of one session
	if _, err := sessions[0].Credentials(t.Context(), evercreds.OtherThan(next)); !errors.Is(err, evercreds.ErrRejected) {
		t.Errorf("got %v", err)
	}
	for _, s := range sessions[1:] {
		if c, err := s.Retrieve(t.Context()); err != nil || c.AccessKeyID != first.AccessKeyID {
			t.Errorf("another's caller got %v, %v", c.AccessKeyID, err)
		}
	}
	if calls := server.Counts().Actions["AssumeRole"].Attempts; calls != 2 {
		t.Errorf("%d calls of AssumeRole", calls)
	}
}

// base credentials of a role: whose they are is asked once in a process; where that fails
// the session goes alone, and asks again later.
func TestThePrincipalOfARole(t *testing.T) {
	server, cfg := startStandIn(t, 0)
	dir := groupDir(t)
	parent := newSTS(t, cfg)
	hook, told := reasonsTold()
	child := func(options ...evercreds.Option) evercreds.Status {
		t.Helper()
		options = append(options, evercreds.WithShare(patient{fileStore(t, dir)}))
		s, err := evercreds.NewSTS(parent.Config(cfg), evercreds.AssumeRole{RoleARN: roleARN + "-2"}, options...)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		if _, err := s.Retrieve(t.Context()); err != nil {
			t.Error(err)
		}
		eventually(t, "it has published, adopted or gone alone", func() bool {
			st := s.Status()
			return st.SharePublished+st.ShareAdopted+st.ShareAlone > 0
		})
		return s.Status()
	}
	inject(t, server, awstest.Fault{Kind: awstest.KindError, Action: "GetCallerIdentity", Code: "AccessDenied", Status: 403})
	if st := child(hook); st.ShareAlone != 1 || st.ShareFailures != 1 {
		t.Errorf("alone %d, failed %d", st.ShareAlone, st.ShareFailures)
	}
	if why := <-told; why != "principal" {
		t.Errorf("the reason is %q", why)
	}
	server.ClearFaults()
	server.Reset()
	if st := child(); st.ShareAlone != 0 || st.SharePublished != 1 {
		t.Errorf("alone %d, published %d", st.ShareAlone, st.SharePublished)
	}
	if st := child(); st.ShareAdopted != 1 {
		t.Errorf("adopted %d", st.ShareAdopted)
	}
	if counts := server.Counts(); counts.Actions["GetCallerIdentity"].Attempts != 1 || counts.Actions["AssumeRole"].Attempts != 1 {
		t.Errorf("%d calls of GetCallerIdentity, %d of AssumeRole", counts.Actions["GetCallerIdentity"].Attempts, counts.Actions["AssumeRole"].Attempts)
	}
}

// a chained session shares by its parent's group: two programs that chain the same roles
// make each call once.
func TestChainedSessionsShare(t *testing.T) {
	server, cfg := startStandIn(t, 0)
	dir := groupDir(t)
	for range 2 {
		parent := newSTS(t, cfg, evercreds.WithShare(patient{fileStore(t, dir)}))
		child, err := evercreds.NewSTS(parent.Config(cfg), evercreds.AssumeRole{RoleARN: roleARN + "-2"}, evercreds.WithShare(patient{fileStore(t, dir)}))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := child.Retrieve(t.Context()); err != nil {
			t.Error(err)
		}
		for _, s := range []*evercreds.Session{parent, child} {
			eventually(t, "the turn is over", func() bool { return s.Status().Share == evercreds.ShareIdle })
		}
		_ = child.Close()
	}
	if counts := server.Counts(); counts.Actions["AssumeRole"].Attempts != 2 || counts.Actions["GetCallerIdentity"].Attempts != 0 {
		t.Errorf("%d calls of AssumeRole, %d of GetCallerIdentity", counts.Actions["AssumeRole"].Attempts, counts.Actions["GetCallerIdentity"].Attempts)
	}
}
