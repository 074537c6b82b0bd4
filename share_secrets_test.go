//go:build go1.25 && (linux || darwin)

package evercreds_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/evercreds/evercreds"
	"github.com/evercreds/evercreds/internal/leaks"
)

// logLines are a writer of a log.
type logLines func([]byte)

func (l logLines) Write(b []byte) (int, error) {
	l(b)
	return len(b), nil
}

// Nothing of a set, a role or a code is in the directory, in events or in the log.
func TestSharingShowsNoSecret(t *testing.T) {
	_, cfg := startStandIn(t, 0)
	dir := groupDir(t)
	var mu sync.Mutex
	var seen bytes.Buffer
	note := func(v any) {
		mu.Lock()
		defer mu.Unlock()
		fmt.Fprintf(&seen, "%+v\n", v)
	}
	log := slog.New(slog.NewTextHandler(logLines(func(b []byte) { note(string(b)) }), &slog.HandlerOptions{Level: slog.LevelDebug}))
	const serial, external, code = "arn:aws:iam::210987654321:mfa/phone-of-sue", "an-external-id", "271828"
	var sets []aws.Credentials
	key := bytes.Repeat([]byte("k3y-"), 8)
	for i := range 2 {
		s, err := evercreds.NewSTS(cfg, evercreds.AssumeRole{
			RoleARN: roleARN, RoleSessionName: "name-of-session", ExternalID: external, SerialNumber: serial,
			MFA: func(context.Context) (string, error) { return code, nil },
		}, evercreds.WithShare(patient{fileStore(t, dir)}), evercreds.WithShareKey(key),
			evercreds.WithEvents(func(e evercreds.Event) { note(e) }), evercreds.WithLogger(log))
		if err != nil {
			t.Fatal(err)
		}
		c, err := s.Retrieve(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		sets = append(sets, c)
		note(s.Status().Share)
		eventually(t, "the turn is over", func() bool { return s.Status().Share == evercreds.ShareIdle })
		if i == 1 { // the code of before: it must not be sent again
			_, err = s.Refresh(t.Context())
			note(err)
			if failed := (*evercreds.Error)(nil); !errors.As(err, &failed) || !strings.Contains(err.Error(), "another process has sent the code") {
				t.Errorf("the code was sent twice: %v", err)
			}
		}
		_ = s.Close()
	}
	if sets[0].AccessKeyID != sets[1].AccessKeyID {
		t.Error("one prompt does not serve both")
	}
	var stored bytes.Buffer
	files := 0
	err := filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		files++
		fmt.Fprintf(&stored, "%s\n%s\n", entry.Name(), text)
		return err
	})
	if err != nil || files < 2 || stored.Len() < 500 {
		t.Fatalf("%d files with %d bytes, %v", files, stored.Len(), err)
	}
	secrets := leaks.Secrets{
		"access key": sets[0].AccessKeyID, "secret key": sets[0].SecretAccessKey, "token": sets[0].SessionToken, "code": code,
		"external id": external, "data key": string(key),
	}
	mu.Lock()
	defer mu.Unlock()
	if found := leaks.Find(secrets).In(seen.Bytes()); len(found) != 0 {
		t.Errorf("told: %v", found)
	}
	for _, want := range []string{"refreshes the shared credentials", "fetched by another session", "Share:led", "Share:adopted"} {
		if !strings.Contains(seen.String(), want) {
			t.Errorf("%q was not told:\n%s", want, seen.String())
		}
	}
	secrets["role"], secrets["serial"], secrets["session name"], secrets["account"] = roleARN, serial, "name-of-session", "210987654321"
	if found := leaks.Find(secrets).In(stored.Bytes()); len(found) != 0 {
		t.Errorf("stored: %v", found)
	}
}
