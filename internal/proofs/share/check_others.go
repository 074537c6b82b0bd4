//go:build go1.25

package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"
)

// run runs a program of the project's, and gives what it printed.
func (l *lab) run(ctx context.Context, argv ...string) (string, error) {
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	here, err := filepath.Abs(".")
	if err != nil {
		return "", err
	}
	cmd.Env = append(os.Environ(), "EVERCREDS_ROOT="+here, "EVERCREDS_PYTHON="+filepath.Join(here, "build", "venv", "bin", "python"))
	said, err := cmd.CombinedOutput()
	if err != nil {
		text := string(said)
		return text, fmt.Errorf("%s: %w\n%s", strings.Join(argv, " "), err, text[max(0, len(text)-2000):])
	}
	return string(said), nil
}

// off has all scenarios of the machine played on all hosts: what they write is the same
// to the byte, with sharing and without.
func (l *lab) off(ctx context.Context, v *verdict) error {
	said, err := l.run(ctx, "./task", "conformance")
	if err != nil {
		return err
	}
	line := regexp.MustCompile(`conformance: (\d+) scenarios, (\d+) hosts, (\d+) differences`).FindStringSubmatch(said)
	if line == nil {
		return errors.New("conformance did not come to its end")
	}
	with, _ := filepath.Glob("core/testdata/share_*.trace")
	all, _ := filepath.Glob("core/testdata/*.trace")
	v.say("%s (%d without sharing, %d with it)", line[0], len(all)-len(with), len(with))
	v.must(line[3] == "0", "%s differences", line[3])
	return nil
}

// suites play the 24 rules of docs/reference/sharing-stores.md, each language's on its own stores.
// Those of Go print how many were kept.
var suites = []struct {
	name string
	argv []string
}{
	{"go: file, compare-and-swap", []string{"go", "test", "-count=1", "-v", "-run", "^Test(FileKeepsTheRules|CompareAndSwap)$", "./share"}},
	{"go: redis", []string{"go", "test", "-C", "share/redisshare", "-count=1", "-v", "."}},
	{"go: dynamodb", []string{"go", "test", "-C", "share/dynamoshare", "-count=1", "-v", "."}},
	{"go: s3", []string{"go", "test", "-C", "share/s3share", "-count=1", "-v", "."}},
	{"python: all", []string{"./task", "test:python", "--", "tests/test_share_stores.py"}},
	{"node: all", []string{"./task", "test:node", "--", "share-stores"}},
}

var rules = regexp.MustCompile(`rules (\d+) of (\d+)`)

// engine has the one set of cases for stores played by all languages, on all engines.
func (l *lab) engine(ctx context.Context, v *verdict) error {
	for _, s := range suites {
		said, err := l.run(ctx, s.argv...)
		v.must(err == nil, "%s: %v", s.name, err)
		if kept := rules.FindAllStringSubmatch(said, -1); kept != nil || strings.HasPrefix(s.name, "go:") {
			v.must(len(kept) > 0, "%s: no suite was played", s.name)
			for _, k := range kept {
				v.say("%s: %s", s.name, k[0])
				v.must(k[1] == k[2], "%s: %s", s.name, k[0])
			}
		} else if passed := regexp.MustCompile(`(\d+) passed`).FindString(said); passed != "" {
			v.say("%s: %s", s.name, passed)
		} else {
			v.must(false, "%s: nothing passed", s.name)
		}
	}
	return nil
}

// manyKeys has the simulator play a fleet whose keys were born together. It has the bounds.
func (l *lab) manyKeys(ctx context.Context, v *verdict) error {
	said, err := l.run(ctx, "go", "run", "./internal/proofs/fleet/cmd", "-share", "-spread", "-processes", fmt.Sprint(l.processes), "-keys", fmt.Sprint(l.keys))
	for line := range strings.SplitSeq(strings.TrimSpace(said), "\n") {
		v.say("%s", line)
	}
	return err
}

// forked has a gunicorn that loads its program before it forks.
func (l *lab) forked(ctx context.Context, v *verdict) error {
	share, err := l.stores.open(ctx, "file")
	if err != nil {
		return err
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	address := free.Addr().String()
	_ = free.Close()
	here, err := filepath.Abs(filepath.Join("internal", "proofs", "share"))
	if err != nil {
		return err
	}
	cmd := exec.Command(filepath.Join("build", "venv", "bin", "python"), "-m", "gunicorn", "--preload", "--workers", "4", "--threads", "2",
		"--worker-class", "gthread", "--bind", address, "--chdir", here, "--log-level", "warning", "preloaded:app")
	cmd.Env = append(os.Environ(), "AWS_ACCESS_KEY_ID="+l.standIn.Base.AccessKeyID, "AWS_SECRET_ACCESS_KEY="+l.standIn.Base.SecretAccessKey,
		"AWS_CONFIG_FILE="+os.DevNull, "AWS_SHARED_CREDENTIALS_FILE="+os.DevNull, "AWS_REGION=us-east-1", "AWS_DEFAULT_REGION=us-east-1",
		"ENDPOINT="+l.gate.url, "ROLE="+l.standIn.RoleARN, "STORE="+share.Where)
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	begun := time.Now()
	if err := cmd.Start(); err != nil {
		return err
	}
	defer func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
	}()
	l.processesEver.Add(5)
	asked, failed, owners := 0, 0, map[string]string{}
	for rounds(l.gate.all(begun)) < max(2, min(l.refreshes, 4)) || len(owners) < 4 {
		if time.Since(begun) > 4*time.Minute {
			return fmt.Errorf("%d owners, %d refreshes", len(owners), rounds(l.gate.all(begun)))
		}
		pid, owner, err := ask(ctx, address)
		switch {
		case err != nil && asked == 0: // it is not up yet
		case err != nil:
			failed++
			v.must(false, "%v", err)
		default:
			asked++
			owners[pid] = owner
		}
		if err := pause(ctx, 50*time.Millisecond); err != nil {
			return err
		}
	}
	fetches := l.gate.all(begun)
	distinct := map[string]bool{}
	for _, o := range owners {
		distinct[o] = true
	}
	v.say("gunicorn --preload, %d processes, %d requests, %d refreshes", len(owners), asked, rounds(fetches))
	v.must(len(distinct) == len(owners), "%d owners of %d processes", len(distinct), len(owners))
	v.say("owners distinct %d", len(distinct))
	v.none("failed", failed)
	v.most("calls/refresh", float64(len(fetches))/float64(rounds(fetches)), 1)
	return nil
}

// ask has a worker make a signed call.
func ask(ctx context.Context, address string) (pid, owner string, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/", nil)
	if err != nil {
		return "", "", err
	}
	r.Close = true
	reply, err := http.DefaultClient.Do(r)
	if err != nil {
		return "", "", err
	}
	defer reply.Body.Close()
	body, err := io.ReadAll(bufio.NewReader(reply.Body))
	if err == nil && reply.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", reply.Status, body)
	}
	pid, owner, _ = strings.Cut(strings.TrimSpace(string(body)), " ")
	return pid, owner, err
}
