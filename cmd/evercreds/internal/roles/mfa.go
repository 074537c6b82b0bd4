package roles

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"golang.org/x/term"

	"github.com/evercreds/evercreds/cmd/evercreds/internal/problem"
)

// PromptTerminal asks for a one-time code on the terminal, whatever standard input and
// output are. Without a terminal it is an error at once: nobody would ever answer.
func PromptTerminal(ctx context.Context, serial string) (string, error) {
	in, out := "/dev/tty", "/dev/tty"
	if runtime.GOOS == "windows" {
		in, out = "CONIN$", "CONOUT$"
	}
	reader, err := os.OpenFile(in, os.O_RDWR, 0)
	if err != nil {
		return "", noTerminal(serial)
	}
	writer := reader
	if out != in {
		if writer, err = os.OpenFile(out, os.O_RDWR, 0); err != nil {
			_ = reader.Close()
			return "", noTerminal(serial)
		}
		defer writer.Close()
	}
	if !term.IsTerminal(int(reader.Fd())) {
		_ = reader.Close()
		return "", noTerminal(serial)
	}
	fmt.Fprintf(writer, "One-time code of %s: ", serial)
	answer := make(chan string, 1)
	go func() { // the terminal's answer may never come; the process ends without it
		line, _ := bufio.NewReader(reader).ReadString('\n')
		_ = reader.Close()
		answer <- strings.TrimSpace(line)
	}()
	select {
	case code := <-answer:
		if code == "" {
			return "", problem.MFA.New("no code was given")
		}
		return code, nil
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

func noTerminal(serial string) error {
	return problem.MFA.New("a one-time code of %s is needed, and there is no terminal: give --mfa-command, or `evercreds mfa ROLE` to a server", serial)
}

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
	lines := bufio.NewScanner(stdout)
	// call sends a line, and returns the data that comes before OK.
	call := func(line string) (data string, err error) {
		if line != "" {
			if _, err := fmt.Fprintln(stdin, line); err != nil {
				return "", err
			}
		}
		for lines.Scan() {
			switch answer := lines.Text(); {
			case strings.HasPrefix(answer, "D "):
				data = answer[2:]
			case strings.HasPrefix(answer, "OK"):
				return data, nil
			case strings.HasPrefix(answer, "ERR"):
				return "", problem.MFA.New("pinentry: %s", strings.TrimSpace(answer[3:]))
			}
		}
		return "", problem.MFA.New("pinentry ended without an answer")
	}
	escape := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	code := ""
	for _, line := range []string{
		"", "SETTITLE evercreds", "SETDESC One-time code of " + escape.Replace(serial), "SETPROMPT Code:", "GETPIN",
	} {
		if code, err = call(line); err != nil {
			return "", err
		}
	}
	return strings.TrimSpace(code), nil
}
