package awstest

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestBadConfigs(t *testing.T) {
	for field, cfg := range map[string]Config{
		"Region":    {Region: "mars"},
		"AccountID": {AccountID: "12"},
		"Thing":     {Thing: "a b"},
		"lifetime":  {Lifetime: time.Second},
		"source":    {Lifetimes: map[string]time.Duration{"a:b": time.Minute}},
		"offset":    {ClockOffset: 400 * 24 * time.Hour},
		"an alias":  {Aliases: map[string]string{"a b": role}},
		"lead to":   {Aliases: map[string]string{"a": "arn:aws:iam::1:user/x"}},
		"directory": {Dir: filepath.Join(t.TempDir(), "missing")},
	} {
		if s, err := Start(cfg); err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("%s: %v", field, err)
			if s != nil {
				_ = s.Close()
			}
		}
	}
}

func TestNewPanicsOnATakenPort(t *testing.T) {
	s, _ := start(t, Config{})
	_, text, err := net.SplitHostPort(strings.TrimPrefix(s.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	var port int
	if _, err := fmt.Sscan(text, &port); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err, ok := recover().(error); !ok || !strings.Contains(err.Error(), text) {
			t.Errorf("recovered %v", err)
		}
	}()
	New(Config{Port: port})
}

func TestFiles(t *testing.T) {
	dir := t.TempDir()
	s, _ := start(t, Config{Dir: dir})
	for _, key := range []string{s.ClientEC.KeyFile, s.ClientRSA.KeyFile} {
		info, err := os.Stat(key)
		if err != nil || filepath.Dir(key) != dir {
			t.Fatal(err)
		}
		if mode := info.Mode().Perm(); mode != 0o600 {
			t.Errorf("%s has mode %v", filepath.Base(key), mode)
		}
	}
	for file, want := range map[string][]byte{
		s.CAFile: s.CAPEM, s.ClientEC.CertFile: s.ClientEC.CertPEM, s.ClientEC.KeyFile: s.ClientEC.KeyPEM,
		s.ClientRSA.CertFile: s.ClientRSA.CertPEM, s.ClientRSA.KeyFile: s.ClientRSA.KeyPEM,
	} {
		if got, err := os.ReadFile(file); err != nil || string(got) != string(want) {
			t.Errorf("%s differs: %v", filepath.Base(file), err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(s.CAFile); err != nil {
		t.Errorf("Close removed a directory that it did not make: %v", err)
	}
}

func TestCloseRemovesItsDirectoryOnce(t *testing.T) {
	s, _ := start(t, Config{})
	if _, err := os.Stat(s.CAFile); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := os.Stat(filepath.Dir(s.CAFile)); !os.IsNotExist(err) {
		t.Errorf("the temporary directory is still there: %v", err)
	}
	if err := tryAssume(t, s, role); err == nil {
		t.Error("a closed stand-in answered")
	}
}

func TestPrintingHidesKeys(t *testing.T) {
	s, _ := start(t, Config{})
	for _, format := range []string{"%v", "%+v", "%#v", "%s"} {
		if text := fmt.Sprintf(format, s.ClientEC); strings.Contains(text, "PRIVATE") || len(text) > 500 {
			t.Errorf("%s shows the key", format)
		}
	}
}

// Sent to the wrong door, a call gets an error and no more.
func TestOtherRequests(t *testing.T) {
	s, _ := start(t, Config{})
	long := s.stsCall(strings.Repeat("x", maxBody+1))
	if got := send(t, plainClient(), long.request(t, s.Base)); got.summary() != "413 RequestEntityTooLarge" {
		t.Error(got.summary())
	}
	iam := s.stsCall("Action=ListUsers&Version=2010-05-08")
	iam.service = "iam"
	if got := send(t, plainClient(), iam.request(t, s.Base)); got.summary() != "403 SignatureDoesNotMatch" {
		t.Error(got.summary())
	}
	text := s.stsCall("Action=GetCallerIdentity&Version=2011-06-15")
	text.header = map[string][]string{"Content-Type": {"text/plain"}}
	if got := send(t, plainClient(), text.request(t, s.Base)); got.summary() != "400 MalformedInput" {
		t.Error(got.summary())
	}
	get := s.stsCall("")
	get.method = "GET"
	if got := send(t, plainClient(), get.request(t, s.Base)); got.summary() != "405 MethodNotAllowed" {
		t.Error(got.summary())
	}
	if n := s.Counts().Actions[actionUnknown].Failures; n != 4 {
		t.Errorf("%d counted as unknown", n)
	}
}
