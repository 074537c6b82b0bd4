package sources

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"

	"github.com/evercreds/evercreds/core"
)

const (
	codeMFARefused = "MFARefused"
	// commandOutput bounds what is kept of a command's output, in bytes: as much as
	// hosts on the WebAssembly module can look through.
	commandOutput = 16 << 10
)

// commandTime is the time for a command that asks nobody.
var commandTime = 30 * time.Second

func (r *AssumeRole) checkMFA() error {
	provided := r.MFA != nil || len(r.MFACommand) > 0
	switch {
	case r.MFA != nil && r.MFACommand != nil:
		return &ParameterError{"MFACommand", "must be left out if MFA is set"}
	case r.MFACommand != nil && (len(r.MFACommand) == 0 || r.MFACommand[0] == ""):
		return &ParameterError{"MFACommand", "must have a program as its first entry"}
	case provided && r.SerialNumber == "":
		return &ParameterError{"SerialNumber", "must name the MFA device if MFA or MFACommand is set"}
	case !provided && r.SerialNumber != "":
		return &ParameterError{"MFA", "or MFACommand must be set if SerialNumber is set"}
	case !provided && r.MFAPrompts:
		return &ParameterError{"MFAPrompts", "needs MFA or MFACommand"}
	}
	return nil
}

// codes hands out one-time codes, each of them once.
type codes struct {
	role *AssumeRole
	// mark, which may be nil, remembers that a code is to be sent, for all processes that
	// share; isNew is false where that was done before.
	mark func(ctx context.Context, serial, code string) (isNew bool, err error)
	mu   sync.Mutex
	last string
}

// SendsCodes tells whether a refresh sends a one-time code.
func (s *STS) SendsCodes() bool { return s.role.SerialNumber != "" }

// MarkCodes has each code noted before it is sent.
func (s *STS) MarkCodes(mark func(ctx context.Context, serial, code string) (isNew bool, err error)) {
	s.codes.mark = mark
}

// next asks the provider for the code of one flight. The code is empty if the role
// needs none.
func (c *codes) next(ctx context.Context, f *Flight) (string, error) {
	if c.role.SerialNumber == "" {
		return "", nil
	}
	code, err := c.ask(ctx)
	if err != nil {
		return "", err
	}
	if c.role.MFAPrompts && f.Prompted != nil {
		f.Prompted()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if code == c.last {
		return "", sentBefore("the provider gave a code that was sent before")
	}
	sent, err := c.note(ctx, code)
	if sent {
		c.last = code
	}
	return code, err
}

// note writes down that a code is to be sent. One that another process has sent is not.
// sent tells whether it must not be sent again by this one.
func (c *codes) note(ctx context.Context, code string) (sent bool, err error) {
	if c.mark == nil {
		return true, nil
	}
	isNew, err := c.mark(ctx, c.role.SerialNumber, code)
	switch {
	case err != nil: // its text may show a path; the code was not sent
		e := refused(core.MethodSTS, codeMFARefused, "the store could not note the code, so it was not sent", nil)
		e.Class = core.Recoverable
		return false, e
	case !isNew:
		return true, sentBefore("another process has sent the code that the provider gave; the next one comes within 30 s")
	}
	return true, nil
}

// sentBefore: the device shows the same code for 30 s, and STS takes it once.
func sentBefore(message string) error {
	e := refused(core.MethodSTS, codeMFARefused, message, nil)
	e.Class = core.Recoverable
	return e
}

func (c *codes) ask(ctx context.Context) (code string, err error) {
	if c.role.MFA == nil {
		return c.run(ctx)
	}
	defer func() {
		if p := recover(); p != nil {
			code, err = "", refused(core.MethodSTS, codeMFARefused, fmt.Sprintf("the provider panicked with a %T", p), nil)
		}
	}()
	code, err = c.role.MFA(ctx)
	switch at, ok := core.MFACode([]byte(code)); {
	case err != nil:
		var hidden secrets
		hidden.add(code)
		return "", mfaError(ctx, "the provider failed: "+hidden.clean(err.Error()), hidden.cause(err))
	case !ok || at != 0 || len(code) != 6:
		return "", refused(core.MethodSTS, codeMFARefused, "the provider must return exactly six digits", nil)
	}
	return code, nil
}

// run runs the command. Neither its arguments nor its output go into an error: they
// hold seeds and codes.
func (c *codes) run(ctx context.Context) (string, error) {
	if !c.role.MFAPrompts {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, commandTime)
		defer cancel()
	}
	argv := c.role.MFACommand
	var out capped
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Stdout = &out
	cmd.WaitDelay = time.Second // a grandchild may hold the pipe open
	if c.role.MFAPrompts {
		cmd.Stdin, cmd.Stderr = os.Stdin, os.Stderr
	}
	name := filepath.Base(argv[0])
	// if only a grandchild still runs, the command has ended well
	if err := cmd.Run(); err != nil && !errors.Is(err, exec.ErrWaitDelay) {
		how := outcome(err)
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			how = "it gave no code in time"
		}
		return "", mfaError(ctx, fmt.Sprintf("the command %s failed: %s", name, how), nil)
	}
	defer clear(out.text)
	at, ok := core.MFACode(out.text)
	if !ok || at == 0 && out.cut { // at a cut, it may be the rest of a longer number
		return "", refused(core.MethodSTS, codeMFARefused, "the command "+name+" must print a six-digit code", nil)
	}
	return string(out.text[at : at+6]), nil
}

// mfaError makes the error of a provider. One that refuses is not asked again at once,
// but one that ran out of time may be.
func mfaError(ctx context.Context, message string, cause error) error {
	e := refused(core.MethodSTS, codeMFARefused, message, cause)
	if ctx.Err() != nil {
		e.Class = core.Recoverable
	}
	return e
}

// outcome says how a command ended, without its arguments.
func outcome(err error) string {
	switch err := err.(type) {
	case *exec.ExitError:
		return err.ProcessState.String()
	case *exec.Error:
		return err.Err.Error()
	case *os.PathError:
		return err.Err.Error()
	}
	return err.Error()
}

// capped keeps the end of what is written to it: the code is looked for there.
type capped struct {
	text []byte
	cut  bool
}

var _ io.Writer = (*capped)(nil)

func (c *capped) Write(p []byte) (int, error) {
	c.text = append(c.text, p...)
	if over := len(c.text) - commandOutput; over > 0 {
		kept := append([]byte(nil), c.text[over:]...)
		clear(c.text)
		c.text, c.cut = kept, true
	}
	return len(p), nil
}
