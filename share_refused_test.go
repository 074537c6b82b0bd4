//go:build go1.25 && (linux || darwin)

package evercreds_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/evercreds/evercreds"
	"github.com/evercreds/evercreds/share"
)

func TestWhatSharingRefuses(t *testing.T) {
	_, cfg := startStandIn(t, 0)
	store := fileStore(t, groupDir(t))
	code := func(context.Context) (string, error) { return "123456", nil }
	mfa := evercreds.AssumeRole{RoleARN: roleARN, SerialNumber: "arn:aws:iam::210987654321:mfa/x", MFA: code}
	role := evercreds.AssumeRole{RoleARN: roleARN}
	sts := func(r evercreds.AssumeRole, opts ...evercreds.Option) error {
		s, err := evercreds.NewSTS(cfg, r, opts...)
		if err == nil {
			_ = s.Close()
		}
		return err
	}
	own := func(v *vault, opts ...evercreds.Option) error {
		s, err := evercreds.New(v, opts...)
		if err == nil {
			_ = s.Close()
		}
		return err
	}
	key := make([]byte, 32)
	fleet := evercreds.WithShare(memory())
	machine := evercreds.WithShare(store)
	var none *share.FileStore
	for i, c := range []struct {
		parameter string
		err       error
	}{
		{"share", sts(role, evercreds.WithShare(nil))},
		{"share", sts(role, evercreds.WithShare(none))},
		{"share", sts(role, evercreds.WithShareKey(key))},
		{"share_key", sts(role, fleet)},
		{"share_key", sts(role, fleet, evercreds.WithShareKey())},
		{"share_key", sts(role, fleet, evercreds.WithShareKey([]byte("short")))},
		{"share_key", sts(role, fleet, evercreds.WithShareKey(key, key))},
		{"share_key", sts(role, fleet, evercreds.WithShareKey(key), evercreds.WithShareKeys(func(context.Context) ([][]byte, error) { return nil, nil }))},
		{"share_name_key", sts(role, machine, evercreds.WithShareNameKey([]byte("short")))},
		{"share_id", own(&vault{}, machine)},
		{"share_id", sts(role, machine, evercreds.WithShareID("x"))},
		{"share_principal", own(&vault{}, machine, evercreds.WithShareID("x"), evercreds.WithSharePrincipal("p"))},
		{"share_principal", sts(role, machine, evercreds.WithSharePrincipal(""))},
		{"share", sts(role, evercreds.WithSharePrincipal(""))},
		{"share_id", sts(role, machine, evercreds.WithShareID(""))},
		{"share_id", own(&vault{}, machine, evercreds.WithShareID(""))},
		{"share", sts(mfa, fleet, evercreds.WithShareKey(key))},
		{"share", own(&vault{attend: true}, fleet, evercreds.WithShareKey(key), evercreds.WithShareID("x"))},
		{"share_wait", sts(role, machine, evercreds.WithShareWait(2*time.Minute))},
		{"share_turn", sts(role, machine, evercreds.WithShareTurn(time.Millisecond))},
		{"share_call", sts(role, machine, evercreds.WithShareCall(time.Millisecond))},
		{"", sts(role, machine)},
		{"", sts(mfa, machine)},
		{"", sts(role, fleet, evercreds.WithShareKey(key))},
		{"", own(&vault{attend: true}, machine, evercreds.WithShareID("x"))},
	} {
		var bad *evercreds.ParameterError
		switch {
		case c.parameter == "" && c.err != nil:
			t.Errorf("case %d: %v", i, c.err)
		case c.parameter != "" && (!errors.As(c.err, &bad) || bad.Parameter != c.parameter || !strings.HasPrefix(bad.Expected, "must ")):
			t.Errorf("case %d: %v, want one of %s", i, c.err, c.parameter)
		}
	}
}

// The store's directory is gone, its engine panics, its keys cannot be had: callers get a
// set all the same, and no error.
func TestASickStoreIsNobodysError(t *testing.T) {
	dir := groupDir(t)
	gone := fileStore(t, dir)
	key := evercreds.WithShareKey(make([]byte, 32))
	reasons := map[string]string{"gone": "key", "panics": "store", "no keys": "key", "keys that fail": "key", "short keys": "key"}
	for name, opts := range map[string][]evercreds.Option{
		"gone":           {evercreds.WithShare(gone)},
		"panics":         {evercreds.WithShare(share.CompareAndSwap(nil, share.Figures{})), key},
		"no keys":        {evercreds.WithShare(memory()), evercreds.WithShareKeys(func(context.Context) ([][]byte, error) { return nil, errors.New("no KMS") })},
		"keys that fail": {evercreds.WithShare(memory()), evercreds.WithShareKeys(func(context.Context) ([][]byte, error) { panic("no KMS") })},
		"short keys":     {evercreds.WithShare(memory()), evercreds.WithShareKeys(func(context.Context) ([][]byte, error) { return [][]byte{{1}}, nil })},
	} {
		hook, told := reasonsTold()
		s, err := evercreds.New(&vault{}, append(opts, evercreds.WithShareID("x"), hook)...)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if name == "gone" {
			if err := os.RemoveAll(dir); err != nil {
				t.Fatal(err)
			}
		}
		_, err = s.Retrieve(t.Context())
		if st := s.Status(); err != nil || st.ShareAlone != 1 || st.ShareFailures != 1 || st.Share != evercreds.ShareSolo {
			t.Errorf("%s: %v; alone %d, failed %d, %v", name, err, st.ShareAlone, st.ShareFailures, st.Share)
		}
		_ = s.Close()
		if got := <-told; got != reasons[name] {
			t.Errorf("%s: the reason is %q", name, got)
		}
	}
}

// reasonsTold has a session tell why refreshes are not shared.
func reasonsTold() (evercreds.Option, <-chan string) {
	told := make(chan string, 16)
	return evercreds.WithEvents(func(e evercreds.Event) {
		if e.Reason != "" {
			told <- e.Reason
		}
		if e.Kind == evercreds.EventClose {
			close(told)
		}
	}), told
}

// caller A's process has a set that is too long for the store; caller B asks, in another
// one: B's process does not wait for the turn to run out.
func TestASetThatIsTooLongEndsItsTurn(t *testing.T) {
	long := strings.Repeat("t", 9<<10)
	store, begun := memory(), time.Now()
	for range 2 {
		s, err := evercreds.NewCustom(func(context.Context) (evercreds.Credentials, error) {
			return evercreds.Credentials{AccessKeyID: "K", SecretAccessKey: "s", SessionToken: long, NoExpiry: true}, nil
		}, evercreds.WithShare(store), evercreds.WithShareKey(make([]byte, 32)), evercreds.WithShareID("x"),
			evercreds.WithShareTurn(30*time.Second), evercreds.WithShareWait(time.Minute))
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		if _, err := s.Retrieve(t.Context()); err != nil || s.Status().ShareAlone != 0 {
			t.Errorf("%v; alone %d", err, s.Status().ShareAlone)
		}
	}
	if took := time.Since(begun); took > 20*time.Second {
		t.Errorf("it took %v", took)
	}
}

// A wait below two turns costs refreshes where a process dies: it is told, not refused.
func TestAShortShareWaitIsTold(t *testing.T) {
	for wait, want := range map[time.Duration]int{9 * time.Second: 1, 10 * time.Second: 0} {
		var mu sync.Mutex
		var told []string
		s, err := evercreds.New(&vault{}, evercreds.WithShare(fileStore(t, groupDir(t))), evercreds.WithShareID("x"), evercreds.WithShareWait(wait),
			evercreds.WithEvents(func(e evercreds.Event) {
				mu.Lock()
				defer mu.Unlock()
				if e.Kind == evercreds.EventWarning {
					told = append(told, e.Message)
				}
			}))
		if err != nil {
			t.Fatal(err)
		}
		_ = s.Close()
		if len(told) != want {
			t.Errorf("with %v: %q", wait, told)
		}
	}
}
