// Package workers runs sessions of Go, Python and Node, each language in a process
// of its own, which makes signed calls to the stand-in or to AWS. A driver tells a
// worker what to do, an [Order] a line, and hears of it, a [Line] each. The workers
// are in internal/proofs/worker.
package workers

import (
	"bufio"
	"cmp"
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
	"sync"
	"syscall"

	"github.com/evercreds/evercreds/internal/awstest"
)

// Languages have a worker each.
var Languages = []string{"go", "python", "node"}

// Process is one worker.
type Process struct {
	Language string
	Root     string          // the project's directory
	Server   *awstest.Server // nil: AWS itself, with the ambient credentials
	Region   string
	Env      []string // besides

	// Call hears of each call of a session, in the order in which they ended.
	Call func(Line)
	// Told hears of each event of a session that shares.
	Told func(Line)
	// Say hears each line of the worker's standard error. Default: the end of them is
	// in the error of a worker that fails.
	Say func(line string)

	system  *os.Process
	over    chan struct{} // closed when the process has ended
	err     error         // why it ended
	sending sync.Mutex    // of the next two
	stdin   io.WriteCloser
	orders  int
	lock    sync.Mutex // of what follows
	answers map[int]chan Line
	words   string
}

// Start runs the worker until End, or the end of the context.
func (w *Process) Start(ctx context.Context) error {
	root, err := filepath.Abs(w.Root)
	if err != nil {
		return err
	}
	here := filepath.Join(root, "internal", "proofs", "worker")
	argv := map[string][]string{
		"go":     {filepath.Join(root, "build", "worker")},
		"python": {filepath.Join(root, "build", "venv", "bin", "python"), filepath.Join(here, "worker.py")},
		"node": {"node", "--expose-gc", "--require", filepath.Join(root, "tools", "run", "node-resolve.cjs"),
			filepath.Join(here, "worker.mjs")},
	}[w.Language]
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Env = append(w.environment(), w.Env...)
	// A terminal's Ctrl-C is for this program, which then ends its workers.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	in, err1 := cmd.StdinPipe()
	out, err2 := cmd.StdoutPipe()
	words, err3 := cmd.StderrPipe()
	if err := errors.Join(err1, err2, err3, cmd.Start()); err != nil {
		return fmt.Errorf("the %s worker does not start: %w", w.Language, err)
	}
	w.system = cmd.Process
	w.stdin, w.over, w.answers = in, make(chan struct{}), map[int]chan Line{}
	go func() {
		said := make(chan error)
		go func() { said <- read(words, w.heed) }()
		err := read(out, w.hear)
		err = errors.Join(err, <-said, cmd.Wait()) // Wait would close the pipes before they are read
		if err != nil {
			w.err = fmt.Errorf("the %s worker: %w\n%s", w.Language, err, w.Words())
		}
		close(w.over)
	}()
	return nil
}

// environment is ours; on the stand-in, its credentials take the place of any that
// a developer has.
func (w *Process) environment() []string {
	env := os.Environ()
	if w.Server != nil {
		env = slices.DeleteFunc(env, func(v string) bool { return strings.HasPrefix(v, "AWS_") })
		env = append(env, "AWS_ACCESS_KEY_ID="+w.Server.Base.AccessKeyID, "AWS_SECRET_ACCESS_KEY="+w.Server.Base.SecretAccessKey,
			"AWS_EC2_METADATA_DISABLED=true", "AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED=true",
			// neither may be read from the user's own directory
			"AWS_CONFIG_FILE="+os.DevNull, "AWS_SHARED_CREDENTIALS_FILE="+os.DevNull)
	}
	return append(env, "AWS_REGION="+w.Region, "AWS_DEFAULT_REGION="+w.Region)
}

// Signal sends the process a signal, and says whether it could.
func (w *Process) Signal(s syscall.Signal) bool { return w.system.Signal(s) == nil }

// Over is closed when the process has ended.
func (w *Process) Over() <-chan struct{} { return w.over }

// Do has the worker carry out an order, and gives its answer.
func (w *Process) Do(ctx context.Context, o Order) (Line, error) {
	answer := make(chan Line, 1)
	if err := w.send(o, answer); err != nil {
		<-w.over // the worker reads no more
		return Line{}, cmp.Or(w.err, err)
	}
	select {
	case <-ctx.Done():
		return Line{}, ctx.Err()
	case line := <-answer:
		if line.Error != "" {
			return line, fmt.Errorf("%s: %s", o.Do, line.Error)
		}
		return line, nil
	case <-w.over:
		return Line{}, cmp.Or(w.err, fmt.Errorf("the %s worker ended before it had answered", w.Language))
	}
}

func (w *Process) send(o Order, answer chan Line) error {
	w.sending.Lock()
	defer w.sending.Unlock()
	w.orders++
	o.Number = w.orders
	w.lock.Lock()
	w.answers[o.Number] = answer
	w.lock.Unlock()
	return json.NewEncoder(w.stdin).Encode(o)
}

// End lets the worker end, which it does once all that it does is done.
func (w *Process) End() error {
	_ = w.stdin.Close()
	<-w.over
	return w.err
}

// Words is the end of what the worker said on standard error.
func (w *Process) Words() string {
	w.lock.Lock()
	defer w.lock.Unlock()
	return w.words
}

func (w *Process) hear(told []byte) {
	var line Line
	if json.Unmarshal(told, &line) != nil {
		return // a warning of the language's own on standard output
	}
	if line.EndMs != 0 && w.Call != nil {
		w.Call(line)
	}
	if line.Event != "" && w.Told != nil {
		w.Told(line)
	}
	if line.Number == 0 {
		return
	}
	w.lock.Lock()
	defer w.lock.Unlock()
	if answer := w.answers[line.Number]; answer != nil {
		answer <- line
	}
	delete(w.answers, line.Number)
}

func (w *Process) heed(said []byte) {
	if w.Say != nil {
		w.Say(string(said))
	}
	w.lock.Lock()
	defer w.lock.Unlock()
	w.words += string(said) + "\n"
	w.words = w.words[max(0, len(w.words)-4000):]
}

func read(from io.Reader, hear func([]byte)) error {
	lines := bufio.NewScanner(from)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		hear(lines.Bytes())
	}
	return lines.Err()
}
