package roles

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"runtime"
	"strings"

	"golang.org/x/term"

	"github.com/evercreds/evercreds/cmd/evercreds/internal/problem"
)

// PromptTerminal asks for a one-time code on the terminal, whatever standard input and
// output are. Without a terminal it is an error at once: nobody would ever answer.
func PromptTerminal(ctx context.Context, serial string) (string, error) {
	return PromptCode(ctx, serial, "give --mfa-command, or `evercreds mfa ROLE` to a server")
}

// PromptCode is PromptTerminal; instead says what to do where nobody can be asked.
func PromptCode(ctx context.Context, serial, instead string) (string, error) {
	noTerminal := problem.MFA.New("a one-time code of %s is needed, and there is no terminal: %s", serial, instead)
	in, out := "/dev/tty", "/dev/tty"
	if runtime.GOOS == "windows" {
		in, out = "CONIN$", "CONOUT$"
	}
	reader, err := os.OpenFile(in, os.O_RDWR, 0)
	if err != nil {
		return "", noTerminal
	}
	writer := reader
	if out != in {
		if writer, err = os.OpenFile(out, os.O_RDWR, 0); err != nil {
			_ = reader.Close()
			return "", noTerminal
		}
		defer writer.Close()
	}
	if !term.IsTerminal(int(reader.Fd())) {
		_ = reader.Close()
		return "", noTerminal
	}
	if !inForeground(reader) { // reading would stop this process, and the endpoint with it
		_ = reader.Close()
		return "", problem.MFA.New("a one-time code of %s is needed, and another program has the terminal: %s", serial, instead)
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
