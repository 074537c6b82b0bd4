package roles

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/evercreds/evercreds/cmd/evercreds/internal/problem"
)

// pinentry asks by the program that GnuPG asks with, in its protocol.
func pinentry(ctx context.Context, serial string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "pinentry")
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return "", err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return "", err
	}
	if err := cmd.Start(); err != nil {
		return "", problem.MFA.New("pinentry cannot be started: %v", err)
	}
	defer func() { _ = stdin.Close(); _ = cmd.Wait() }()
	talk := assuan{stdin, bufio.NewScanner(stdout)}
	code, err := talk.ask(serial)
	if ctx.Err() != nil { // it was ended, whatever it said
		return "", ctx.Err()
	}
	return strings.TrimSpace(code), err
}

// assuan is a talk with pinentry: a line, and an answer that ends in OK or ERR.
type assuan struct {
	to   io.Writer
	from *bufio.Scanner
}

func (a assuan) ask(serial string) (code string, err error) {
	if _, err := a.answer(); err != nil { // its greeting
		return "", err
	}
	// It has pipes for its input and output, and must be told of the terminal. Programs
	// with windows do without, and some know none of these options.
	for _, option := range terminalOptions() {
		_, _ = a.call("OPTION " + option)
	}
	escape := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	for _, line := range []string{
		"SETTITLE evercreds", "SETDESC One-time code of " + escape.Replace(serial), "SETPROMPT Code:", "GETPIN",
	} {
		if code, err = a.call(line); err != nil {
			return "", err
		}
	}
	if strings.TrimSpace(code) == "" {
		return "", problem.MFA.New("no code was given")
	}
	return code, nil
}

func terminalOptions() (options []string) {
	name := os.Getenv("GPG_TTY")
	if name == "" {
		name = "/dev/tty"
	}
	if tty, err := os.OpenFile(name, os.O_RDWR, 0); err == nil {
		_ = tty.Close()
		options = append(options, "ttyname="+name)
	}
	for option, variables := range map[string][]string{
		"ttytype": {"TERM"}, "lc-ctype": {"LC_ALL", "LC_CTYPE", "LANG"}, "display": {"DISPLAY"},
	} {
		for _, v := range variables {
			if value := os.Getenv(v); value != "" {
				options = append(options, option+"="+value)
				break
			}
		}
	}
	return options
}

func (a assuan) call(line string) (data string, err error) {
	if _, err := fmt.Fprintln(a.to, line); err != nil {
		return "", problem.MFA.New("pinentry ended without an answer")
	}
	return a.answer()
}

// answer returns the data that comes before OK.
func (a assuan) answer() (data string, err error) {
	for a.from.Scan() {
		switch line := a.from.Text(); {
		case strings.HasPrefix(line, "D "):
			data += line[2:]
		case line == "OK" || strings.HasPrefix(line, "OK "):
			return data, nil
		case strings.HasPrefix(line, "ERR"):
			return "", problem.MFA.New("pinentry: %s", strings.TrimSpace(line[3:]))
		}
	}
	return "", problem.MFA.New("pinentry ended without an answer")
}
