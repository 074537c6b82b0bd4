package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
)

// workerArg makes this executable the Go worker.
const workerArg = "worker"

// assignmentEnv is where a worker finds its assignment.
const assignmentEnv = "EVERCREDS_DEMO"

// report is one line of a worker: where its session stands, and what it has
// done since it started.
type report struct {
	Phase    string `json:"phase"`
	LeftMs   int64  `json:"left_ms"`
	Calls    int64  `json:"calls"`
	Failed   int64  `json:"failed"`
	Error    string `json:"error"`    // of the last failed call
	Degraded int64  `json:"spells"`   // times that a refresh failed and nobody noticed
	Rejected int64  `json:"rejected"` // sets that a service rejected
	Longest  int64  `json:"wait_ms"`  // the longest that credentials were waited for after the first set
	// Sequence has a letter for each end of a flight: I installed, F failed.
	Sequence string `json:"sequence"`
	Done     bool   `json:"done"`
}

// refreshes are the sets installed after the first.
func (r report) refreshes() int64 {
	n := int64(-1)
	for _, c := range r.Sequence {
		if c == 'I' {
			n++
		}
	}
	return max(n, 0)
}

type worker struct {
	language string
	cmd      *exec.Cmd
	lines    *bufio.Scanner // reports
	words    *bufio.Scanner // what it says on standard error
}

// startWorkers runs one process for each language. They end by themselves, or
// with the context.
func startWorkers(ctx context.Context, s *scene) ([]*worker, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	here := filepath.Join(s.root, "internal", "demo")
	programs := map[string][]string{
		"go":     {self, workerArg},
		"python": {filepath.Join(s.root, "build", "venv", "bin", "python"), filepath.Join(here, "worker.py")},
		"node":   {"node", "--require", filepath.Join(s.root, "tools", "run", "node-resolve.cjs"), filepath.Join(here, "worker.mjs")},
	}
	var all []*worker
	for _, language := range languages {
		w, err := startWorker(ctx, s, language, programs[language])
		if err != nil {
			return nil, fmt.Errorf("the %s worker does not start: %w", language, err)
		}
		all = append(all, w)
	}
	return all, nil
}

func startWorker(ctx context.Context, s *scene, language string, argv []string) (*worker, error) {
	job, err := json.Marshal(s.assign(language))
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Env = append(s.environment(), assignmentEnv+"="+string(job), "AWS_REGION="+s.region)
	// A terminal's Ctrl-C is for the demo, which then ends its workers.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	words, err := cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	return &worker{language, cmd, bufio.NewScanner(out), bufio.NewScanner(words)}, cmd.Start()
}

// environment is ours; on the stand-in, its credentials take the place of any
// that a developer has.
func (s *scene) environment() []string {
	if s.standIn == nil {
		return os.Environ()
	}
	env := slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "AWS_") })
	base := s.standIn.Base
	return append(env, "AWS_ACCESS_KEY_ID="+base.AccessKeyID, "AWS_SECRET_ACCESS_KEY="+base.SecretAccessKey,
		"AWS_EC2_METADATA_DISABLED=true", "AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED=true")
}

// follow shows what the workers report and say until all have ended, and gives
// the last report of each.
func follow(workers []*worker, show *view) map[string]report {
	latest := map[string]report{}
	var lock sync.Mutex
	var all sync.WaitGroup
	for _, w := range workers {
		var words sync.WaitGroup
		words.Go(func() {
			for w.words.Scan() {
				lock.Lock()
				show.note(w.language, w.words.Text())
				lock.Unlock()
			}
		})
		all.Go(func() {
			for w.lines.Scan() {
				var r report
				if json.Unmarshal(w.lines.Bytes(), &r) != nil {
					continue // a warning of the language's own on standard output
				}
				lock.Lock()
				latest[w.language] = r
				show.update(w.language, latest)
				lock.Unlock()
			}
			words.Wait()     // Wait would close the pipe before it is read
			_ = w.cmd.Wait() // a worker that died has not reported that it is done
		})
	}
	all.Wait()
	return latest
}
