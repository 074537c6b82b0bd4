package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/evercreds/evercreds/internal/awstest"
)

// play runs the workers, and puts each cell's fault in force when its first set
// is handed out.
func (m *matrix) play(ctx context.Context, s *awstest.Server, root string) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // a worker that fails takes the others with it
	over := make(chan error, len(languages))
	for _, language := range languages {
		go func() { over <- m.work(ctx, s, root, language) }()
	}
	for running := len(languages); running > 0; {
		select {
		case err := <-over:
			if err != nil {
				return err
			}
			running--
		case <-time.After(50 * time.Millisecond):
			if err := m.disturb(s); err != nil {
				return err
			}
		}
	}
	m.roles = s.Counts().Roles
	return nil
}

// disturb injects the faults of cells that have begun, and revokes what is due.
func (m *matrix) disturb(s *awstest.Server) error {
	roles := s.Counts().Roles
	for language, results := range m.results {
		for i, r := range results {
			if r == nil {
				continue
			}
			c := m.cells[i]
			issued := roles[c.role(language)].Issued
			if len(issued) == 0 || r.disturbed {
				continue
			}
			r.origin = issued[0].AtMs
			since := time.Duration(s.Now().UnixMilli()-r.origin) * time.Millisecond
			if c.row.fault.Kind == revoke {
				if since >= revokedAt {
					r.disturbed = true
					if err := s.Revoke(issued[0].AccessKeyID); err != nil {
						return err
					}
				}
				continue
			}
			r.disturbed = true
			f := c.row.fault
			f.Role = c.role(language)
			f.FromMs = max(0, (faultFrom - since).Milliseconds())
			f.UntilMs = (c.row.until() - since).Milliseconds()
			if err := s.Inject(f); err != nil {
				return err
			}
		}
	}
	return nil
}

func (m *matrix) work(ctx context.Context, s *awstest.Server, root, language string) error {
	job := assignment{Endpoint: s.URL, Region: awstest.DefaultRegion, LengthMs: length.Milliseconds(),
		Advisory: int(advisory.Seconds()), Mandatory: int(mandatory.Seconds()), Timeout: int(timeout.Seconds())}
	for i, c := range m.cells {
		if m.results[language][i] != nil {
			job.Cells = append(job.Cells, session{i, c.role(language), policies[c.policy], c.deferred})
		}
	}
	if len(job.Cells) == 0 {
		return nil
	}
	told, err := json.Marshal(job)
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	if root, err = filepath.Abs(root); err != nil {
		return err
	}
	here := filepath.Join(root, "internal", "faults")
	argv := map[string][]string{
		"go":     {self, workerArg},
		"python": {filepath.Join(root, "build", "venv", "bin", "python"), filepath.Join(here, "worker.py")},
		"node":   {"node", "--require", filepath.Join(root, "tools", "run", "node-resolve.cjs"), filepath.Join(here, "worker.mjs")},
	}[language]
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	env := slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "AWS_") })
	cmd.Env = append(env, assignmentEnv+"="+string(told), "AWS_REGION="+job.Region,
		"AWS_ACCESS_KEY_ID="+s.Base.AccessKeyID, "AWS_SECRET_ACCESS_KEY="+s.Base.SecretAccessKey,
		"AWS_EC2_METADATA_DISABLED=true", "AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED=true")
	// A terminal's Ctrl-C is for the matrix, which then ends its workers.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var words strings.Builder
	cmd.Stderr = &words
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	reading := m.read(language, out)
	if err := errors.Join(reading, cmd.Wait()); err != nil {
		said := words.String()
		return fmt.Errorf("the %s worker: %w\n%s", language, err, said[max(0, len(said)-2000):])
	}
	return nil
}

func (m *matrix) read(language string, out io.Reader) error {
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var c call
		if json.Unmarshal(lines.Bytes(), &c) != nil {
			continue // a warning of the language's own on standard output
		}
		if c.Cell < 0 || c.Cell >= len(m.cells) || m.results[language][c.Cell] == nil {
			return fmt.Errorf("a report of cell %d", c.Cell)
		}
		r := m.results[language][c.Cell]
		r.calls = append(r.calls, c)
	}
	return lines.Err()
}
