// Package workers runs a program's worker in Go, Python or Node as a process that
// makes signed calls to the stand-in, and reads what it tells.
package workers

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

	"github.com/evercreds/evercreds/internal/awstest"
)

// Arg makes a program's own executable its Go worker.
const Arg = "worker"

// Process is one worker, which is told its assignment as JSON in the environment.
type Process struct {
	Language string // go, python or node
	Root     string // the project's directory
	Program  string // its folder, with worker.py and worker.mjs
	NodeArgs []string

	AssignmentEnv string
	Assignment    any
	Region        string
	Env           []string // besides
}

func (w *Process) argv() ([]string, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	root, err := filepath.Abs(w.Root)
	if err != nil {
		return nil, err
	}
	here := filepath.Join(root, w.Program)
	node := append([]string{"node"}, w.NodeArgs...)
	return map[string][]string{
		"go":     {self, Arg},
		"python": {filepath.Join(root, "build", "venv", "bin", "python"), filepath.Join(here, "worker.py")},
		"node":   append(node, "--require", filepath.Join(root, "tools", "run", "node-resolve.cjs"), filepath.Join(here, "worker.mjs")),
	}[w.Language], nil
}

// Run runs the worker to its end, and gives each line of its standard output to
// hear. It returns the end of what it said on standard error.
func (w *Process) Run(ctx context.Context, s *awstest.Server, hear func(line []byte) error) (words string, err error) {
	told, err := json.Marshal(w.Assignment)
	if err != nil {
		return "", err
	}
	argv, err := w.argv()
	if err != nil {
		return "", err
	}
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	env := slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "AWS_") })
	cmd.Env = append(append(env, w.AssignmentEnv+"="+string(told), "AWS_REGION="+w.Region,
		"AWS_ACCESS_KEY_ID="+s.Base.AccessKeyID, "AWS_SECRET_ACCESS_KEY="+s.Base.SecretAccessKey,
		"AWS_EC2_METADATA_DISABLED=true", "AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED=true"), w.Env...)
	// A terminal's Ctrl-C is for this program, which then ends its workers.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var said strings.Builder
	cmd.Stderr = &said
	out, err := cmd.StdoutPipe()
	if err != nil {
		return "", err
	}
	if err := cmd.Start(); err != nil {
		return "", err
	}
	reading := read(out, hear)
	err = errors.Join(reading, cmd.Wait())
	words = said.String()
	if words = words[max(0, len(words)-4000):]; err != nil {
		err = fmt.Errorf("the %s worker: %w\n%s", w.Language, err, words)
	}
	return words, err
}

func read(out io.Reader, hear func([]byte) error) error {
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if err := hear(lines.Bytes()); err != nil {
			return err
		}
	}
	return lines.Err()
}
