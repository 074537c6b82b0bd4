package command

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestProcessesThatMeanTheSameRoleFetchOnce(t *testing.T) {
	w := newWorld(t, time.Hour)
	const callers = 20
	var all sync.WaitGroup
	keys := make([]string, callers)
	for i := range callers {
		all.Add(1)
		go func() {
			defer all.Done()
			var got struct{ AccessKeyId string } //nolint:revive // AWS's name
			out, errs, code := w.run("credential-process", "--role-arn", role)
			if err := json.Unmarshal([]byte(out), &got); err != nil || code != 0 {
				t.Errorf("exit code %d: %s%v", code, errs, err)
			}
			keys[i] = got.AccessKeyId
		}()
	}
	all.Wait()
	if n := w.aws.Counts().Roles[role].Successes; n != 1 {
		t.Errorf("%d processes made %d calls of AssumeRole", callers, n)
	}
	if out := w.good("cache", "list"); !strings.Contains(out, role) || strings.Contains(out, keys[0]) {
		t.Errorf("cache list says %q", out)
	}
	w.good("cache", "clear")
	if out := w.good("cache", "list"); out != "" {
		t.Errorf("after cache clear, list says %q", out)
	}
}

// script is a credential_process of somebody else's, which counts its runs.
func (w *world) script(life time.Duration) (path string, runs func() int) {
	count := w.dir + "/runs"
	path = w.file("process", fmt.Sprintf(`#!/bin/sh
echo run >>%q
test -e %q && exit 1
printf '{"Version":1,"AccessKeyId":"AK%%s","SecretAccessKey":"s","SessionToken":"t","Expiration":"%%s"}' "$$-$1" "$(date -u -d '+%d seconds' +%%Y-%%m-%%dT%%H:%%M:%%SZ)"
`, count, w.dir+"/down", int(life.Seconds())))
	if err := os.Chmod(path, 0o700); err != nil {
		w.t.Fatal(err)
	}
	return path, func() int {
		text, _ := os.ReadFile(count)
		return strings.Count(string(text), "run")
	}
}

// TestNothingIsPrintedThatEndsAtOnce has a source whose sets end before a client of theirs
// could use them.
func TestNothingIsPrintedThatEndsAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, time.Hour)
	process, _ := w.script(2 * time.Second)
	config := w.file("roles.yaml", "roles: { c: { command: ["+process+", x] } }")
	for _, args := range [][]string{
		{"cache", "--", process, "x"},
		{"credential-process", "--config", config, "--role", "c"},
		{"credential-process", "--config", config, "--role", "c", "--min-ttl", "1s"},
		{"export", "--config", config, "--role", "c"},
	} {
		if out, errs, code := w.run(args...); code != 6 || out != "" {
			t.Errorf("%q: exit code %d, %d bytes: %s", args, code, len(out), errs)
		}
	}
	if _, _, code := w.run("export", "--config", config, "--role", "c", "--min-ttl", "1h"); code == 0 {
		t.Error("with --min-ttl it printed a set that ends before")
	}
}

func TestCacheRunsACommandOnceForEachEntry(t *testing.T) {
	t.Parallel()
	w := newWorld(t, time.Hour)
	process, runs := w.script(time.Hour)
	first := w.good("cache", "--", process, "a")
	if again := w.good("cache", "--", process, "a"); keyOf(again) != keyOf(first) {
		t.Errorf("another set: %s%s", first, again)
	}
	if runs() != 1 {
		t.Errorf("it ran %d times", runs())
	}
	if other := w.good("cache", "--", process, "b"); keyOf(other) == keyOf(first) || runs() != 2 {
		t.Errorf("other arguments: the same entry, or %d runs", runs())
	}
	w.env["AWS_PROFILE"] = "another"
	w.env["AWS_CONFIG_FILE"] = w.file("config", "[profile another]\nregion = us-east-1\n")
	if other := w.good("cache", "--", process, "a"); keyOf(other) == keyOf(first) || runs() != 3 {
		t.Errorf("another profile: the same entry, or %d runs", runs())
	}
	w.good("cache", "--id", "x", "--", process, "a")
	w.good("cache", "--id", "x", "--", process, "b")
	if runs() != 4 {
		t.Errorf("one --id: %d runs", runs())
	}
}

func TestCacheKeepsWhatIsGoodWhileItsCommandFails(t *testing.T) {
	t.Parallel()
	w := newWorld(t, time.Hour)
	process, runs := w.script(16 * time.Second)
	first := w.good("cache", "--", process)
	w.file("down", "")
	// In the second half of the set's life each call tries again, once the backoff is over.
	eventually(t, "it has run again", func() bool {
		if again := w.good("cache", "--", process); keyOf(again) != keyOf(first) {
			t.Fatalf("another set:\n%s", again)
		}
		return runs() > 1
	})
	w.good("cache", "clear")
	if _, errs, code := w.run("cache", "--", process); code != 6 || !strings.Contains(errs, "exit status 1") {
		t.Errorf("nothing held, and the command fails: exit code %d, %s", code, errs)
	}
}

// keyOf is the access key in what a credential_process prints.
func keyOf(printed string) string {
	var got struct{ AccessKeyId string } //nolint:revive // AWS's name
	_ = json.Unmarshal([]byte(printed), &got)
	return got.AccessKeyId
}

// TestNoCodeIsUsedTwice: a process sends a code; the cache is cleared; another process has
// the same code.
func TestNoCodeIsUsedTwice(t *testing.T) {
	t.Parallel()
	w := newWorld(t, time.Hour)
	args := []string{
		"credential-process", "--role-arn", role, "--serial-number", "arn:aws:iam::123456789012:mfa/me", "--mfa-command", "echo 123456",
	}
	first := keyOf(w.good(args...))
	if again := keyOf(w.good(args...)); again != first || first == "" {
		t.Errorf("another set: %q, %q", first, again)
	}
	w.good("cache", "clear")
	if out := w.good("cache", "list"); out != "" {
		t.Errorf("after cache clear, list says %q", out)
	}
	if out, errs, code := w.run(args...); code != 7 {
		t.Errorf("the code was sent twice: exit code %d, %s%s", code, keyOf(out), errs)
	}
	if n := w.aws.Counts().Roles[role].Attempts; n != 1 {
		t.Errorf("%d calls with one code", n)
	}
}
