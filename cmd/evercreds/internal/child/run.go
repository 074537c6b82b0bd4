package child

import (
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"runtime"

	"github.com/evercreds/evercreds/cmd/evercreds/internal/problem"
)

// Find looks a command up, as a shell does.
func Find(name string) (string, error) {
	path, err := exec.LookPath(name)
	switch {
	case err == nil:
		return path, nil
	case errors.Is(err, os.ErrPermission):
		return "", &problem.Error{Kind: problem.NotRunnable, Text: err.Error(), Err: err}
	}
	return "", &problem.Error{Kind: problem.NotFound, Text: err.Error(), Err: err}
}

// Run runs a command on this terminal and returns its exit code: 128 and the signal's
// number if a signal ended it. Signals that come here go to the command.
func Run(path string, argv, environ []string) (int, error) {
	// The system ends the command with the thread that started it, where it can do so.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	cmd := exec.Command(path, argv[1:]...)
	cmd.Args[0] = argv[0]
	cmd.Env = environ
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = attributes()
	signals := make(chan os.Signal, 16)
	signal.Notify(signals, forwarded...)
	defer signal.Stop(signals)
	if err := cmd.Start(); err != nil {
		kind := problem.NotRunnable
		if errors.Is(err, os.ErrNotExist) {
			kind = problem.NotFound
		}
		return 0, &problem.Error{Kind: kind, Text: err.Error(), Err: err}
	}
	release := bind(cmd.Process)
	defer release()
	ended := make(chan struct{})
	go forward(cmd.Process, signals, ended)
	err := cmd.Wait()
	close(ended)
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return 0, problem.Other.Of(err)
	}
	return code(cmd.ProcessState), nil
}

// forward passes signals on until the command has ended.
func forward(to *os.Process, signals <-chan os.Signal, ended <-chan struct{}) {
	for {
		select {
		case s := <-signals:
			if !fromTerminal(s) {
				_ = to.Signal(s)
			}
		case <-ended:
			return
		}
	}
}
