package sources_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/google/go-cmp/cmp"

	"github.com/evercreds/evercreds/core"
	"github.com/evercreds/evercreds/internal/sources"
)

const serialNumber = "arn:aws:iam::123456789012:mfa/me"

// codesSeen is an STS that fails with HTTP 500 and writes down each code.
func codesSeen(t *testing.T, role sources.AssumeRole) (*sources.STS, *[]string) {
	seen := &[]string{}
	endpoint := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		*seen = append(*seen, r.PostForm.Get("TokenCode"))
		w.WriteHeader(http.StatusInternalServerError)
	})
	role.RoleARN, role.SerialNumber = roleARN, serialNumber
	cfg := aws.Config{Region: "us-east-1", BaseEndpoint: &endpoint, Credentials: static(aws.Credentials{AccessKeyID: "AKID", SecretAccessKey: "x"})}
	return newSTS(t, cfg, role), seen
}

func TestMFACodeIsSentOnce(t *testing.T) {
	codes, asked := []string{"111111", "111111", "222222"}, 0
	s, seen := codesSeen(t, sources.AssumeRole{MFA: func(context.Context) (string, error) {
		asked++
		return codes[asked-1], nil
	}})
	for i, want := range []core.Class{core.Recoverable, core.Recoverable, core.Recoverable} {
		_, err := s.Fetch(t.Context(), flight)
		e := sourceError(t, err)
		if e.Class != want {
			t.Errorf("flight %d: %v", i, e)
		}
		wantNoSecret(t, err, codes...)
		wantNoSecret(t, s, codes...)
	}
	if diff := cmp.Diff([]string{"111111", "222222"}, *seen); diff != "" || asked != 3 {
		t.Errorf("asked %d times, for three flights; sent:\n%s", asked, diff)
	}
}

func TestMFARefusals(t *testing.T) {
	fails := errors.New("device locked")
	for name, mfa := range map[string]func(context.Context) (string, error){
		"error":   func(context.Context) (string, error) { return "", fails },
		"empty":   func(context.Context) (string, error) { return "", nil },
		"short":   func(context.Context) (string, error) { return "12345", nil },
		"spaced":  func(context.Context) (string, error) { return "314159\n", nil },
		"unicode": func(context.Context) (string, error) { return "١٢٣٤٥٦", nil },
		"quote":   func(context.Context) (string, error) { return "314159", errors.New("314159 was refused") },
		"panic":   func(context.Context) (string, error) { panic("314159") },
	} {
		s, seen := codesSeen(t, sources.AssumeRole{MFA: mfa})
		_, err := s.Fetch(t.Context(), flight)
		if e := sourceError(t, err); e.Class != core.Permanent || len(*seen) != 0 {
			t.Errorf("%s: class %v, %d calls: %v", name, e.Class, len(*seen), e)
		}
		if name == "error" && !errors.Is(err, fails) {
			t.Errorf("the provider's error is lost: %v", err)
		}
		wantNoSecret(t, err, "314159")
	}
}

func TestMFAPromptedAfterTheAnswer(t *testing.T) {
	answered, prompted := false, false
	s, _ := codesSeen(t, sources.AssumeRole{MFAPrompts: true, MFA: func(context.Context) (string, error) {
		answered = true
		return "123456", nil
	}})
	_, _ = s.Fetch(t.Context(), &sources.Flight{Cause: core.CauseFirst, Prompted: func() { prompted = answered }})
	if !prompted || !s.Attended() {
		t.Errorf("prompted %v, attended %v", prompted, s.Attended())
	}
}

// TestMain is also the command that the tests of MFACommand run.
func TestMain(m *testing.M) {
	switch mode, text, _ := strings.Cut(os.Getenv("EVERCREDS_TEST_MFA"), ":"); mode {
	case "print":
		fmt.Print(text)
		os.Exit(0)
	case "fail":
		fmt.Print(text)
		fmt.Fprint(os.Stderr, text)
		os.Exit(3)
	case "hang":
		time.Sleep(time.Minute)
	case "ask":
		fmt.Fprint(os.Stderr, "code? ")
		answer, _ := bufio.NewReader(os.Stdin).ReadString('\n')
		time.Sleep(300 * time.Millisecond)
		fmt.Print(answer)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func TestMFACommand(t *testing.T) {
	const seed = "JBSWY3DPEHPK3PXP"
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		mode  string
		argv  []string
		sent  string
		class core.Class
	}{
		{"print:314159", []string{program, seed}, "314159", core.Recoverable},
		{"print:use 111111 now, or 314159 in 30 s", []string{program, seed}, "314159", core.Recoverable},
		{"print:" + strings.Repeat("x", 100<<10) + " 314159", []string{program, seed}, "314159", core.Recoverable},
		{"print:7314159" + strings.Repeat(" ", 64<<10-6), []string{program, seed}, "", core.Permanent},
		{"print:nothing of use", []string{program, seed}, "", core.Permanent},
		{"fail:314159", []string{program, seed}, "", core.Permanent},
		{"", []string{"/no/such/program", seed}, "", core.Permanent},
		{"hang:", []string{program, seed}, "", core.Recoverable},
	} {
		t.Setenv("EVERCREDS_TEST_MFA", c.mode)
		s, seen := codesSeen(t, sources.AssumeRole{MFACommand: c.argv})
		ctx, cancel := t.Context(), func() {}
		if c.mode == "hang:" {
			ctx, cancel = context.WithTimeout(ctx, 100*time.Millisecond)
		}
		_, err := s.Fetch(ctx, flight)
		cancel()
		e := sourceError(t, err)
		if got := strings.Join(*seen, ","); got != c.sent || e.Class != c.class {
			t.Errorf("%.30s: sent %q, class %v: %v", c.mode, got, e.Class, e)
		}
		wantNoSecret(t, err, "314159", seed)
	}
}

func TestMFACommandThatTakesTooLong(t *testing.T) {
	defer sources.SetCommandTime(200 * time.Millisecond)()
	t.Setenv("EVERCREDS_TEST_MFA", "hang:")
	s, seen := codesSeen(t, sources.AssumeRole{MFACommand: []string{os.Args[0]}})
	_, err := s.Fetch(t.Context(), flight)
	if e := sourceError(t, err); e.Class != core.Recoverable || !strings.Contains(e.Message, "no code in time") || len(*seen) != 0 {
		t.Errorf("class %v, %d calls: %v", e.Class, len(*seen), e)
	}
}

// A command that prompts has the terminal, and the time that a person takes; one
// that does not prompt has neither.
func TestMFACommandOnTheTerminal(t *testing.T) {
	defer sources.SetCommandTime(100 * time.Millisecond)()
	t.Setenv("EVERCREDS_TEST_MFA", "ask:")
	for _, prompts := range []bool{true, false} {
		keyboard, typed := pipe(t)
		shown, screen := pipe(t)
		stdin, stderr := os.Stdin, os.Stderr
		os.Stdin, os.Stderr = keyboard, screen
		_, _ = fmt.Fprintln(typed, "314159")
		s, seen := codesSeen(t, sources.AssumeRole{MFACommand: []string{os.Args[0]}, MFAPrompts: prompts})
		_, _ = s.Fetch(t.Context(), flight)
		os.Stdin, os.Stderr = stdin, stderr
		_ = screen.Close()
		text, err := io.ReadAll(shown)
		if err != nil {
			t.Fatal(err)
		}
		want, sent := "", ""
		if prompts {
			want, sent = "code? ", "314159"
		}
		if string(text) != want || strings.Join(*seen, ",") != sent {
			t.Errorf("prompts %v: %q was shown, %v sent", prompts, text, *seen)
		}
	}
}

func pipe(t *testing.T) (from, to *os.File) {
	t.Helper()
	from, to, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = from.Close(), to.Close() })
	return from, to
}
