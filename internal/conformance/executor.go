package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/evercreds/evercreds/internal/trace"
)

// executors are the hosts of host scenarios. A new one is one line here.
var executors = []listed{
	{"go", []string{"build/host-go", "-test.run=^TestExecutor$", "-test.timeout=0"}, true, []string{"build/host-go"}},
	{"wazero", []string{"build/host-wazero", "-test.run=^TestExecutor$", "-test.timeout=0"}, true, []string{"build/host-wazero"}},
	{"python", []string{"build/venv/bin/python", "bindings/python/tests/host_executor.py"}, true, []string{"build/venv/bin/python"}},
	{"node", []string{"node", "build/host-node.mjs"}, true, []string{"build/host-node.mjs"}},
}

// executor is one process that plays scenarios, one after the other.
type executor struct {
	cmd     *exec.Cmd
	in      io.WriteCloser
	answers chan string // closed when the process has closed its output
	scene   scene
}

func startExecutor(root string, command []string) (*executor, error) {
	e := &executor{cmd: exec.Command(command[0], command[1:]...), answers: make(chan string, 100)}
	e.cmd.Dir, e.cmd.Stderr = root, os.Stderr
	if local := filepath.Join(root, command[0]); strings.Contains(command[0], "/") && !filepath.IsAbs(command[0]) {
		e.cmd.Path = local
		if absolute, err := filepath.Abs(local); err == nil {
			e.cmd.Path, e.cmd.Err = absolute, nil
		}
	}
	in, err := e.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := e.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	e.in = in
	if err := e.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		defer close(e.answers)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			e.answers <- lines.Text()
		}
	}()
	return e, nil
}

// end lets the process end by itself, and ends it where it does not.
func (e *executor) end() {
	_ = e.in.Close()
	timer := time.AfterFunc(5*time.Second, func() { _ = e.cmd.Process.Kill() })
	defer timer.Stop()
	for range e.answers { // what it says at its end
	}
	_ = e.cmd.Wait()
}

// play takes one scenario through the process.
func (e *executor) play(text string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	var out strings.Builder
	for n, line := range split(text) {
		line = strings.TrimRight(line, " \t\r")
		if line == "" || strings.ContainsRune("# \t", rune(line[0])) {
			continue
		}
		ordered, err := order(line)
		if err != nil {
			return "", fmt.Errorf("line %d: %w", n+1, err)
		}
		answers, err := e.say(ctx, ordered)
		if err != nil {
			return "", fmt.Errorf("line %d, %q: %w", n+1, line, err)
		}
		fmt.Fprintln(&out, line)
		for _, answer := range e.scene.render(line, answers) {
			fmt.Fprintln(&out, "  "+answer)
		}
	}
	return out.String(), nil
}

// say gives the process one event, and takes its answers up to the empty line.
func (e *executor) say(ctx context.Context, event string) ([]string, error) {
	if _, err := io.WriteString(e.in, event+"\n"); err != nil {
		return nil, err
	}
	var answers []string
	for {
		select {
		case answer, ok := <-e.answers:
			switch {
			case !ok:
				return nil, errors.New("the executor has ended")
			case answer == "":
				return answers, nil
			}
			answers = append(answers, answer)
		case <-ctx.Done():
			return nil, fmt.Errorf("no answer after %v", patience)
		}
	}
}

// asHost has scenarios played by a process for each, or by one for all.
func (l listed) asHost(root string) host {
	h := host{name: l.name}
	h.replay = func(text string) (string, error) {
		list, err := playAll(root, l.command, []string{text})
		if err != nil {
			return "", err
		}
		return list[0], nil
	}
	h.batch = func(texts []string) ([]string, error) { return playAll(root, l.command, texts) }
	return h
}

func playAll(root string, command, texts []string) ([]string, error) {
	e, err := startExecutor(root, command)
	if err != nil {
		return nil, err
	}
	defer e.end()
	var list []string
	for _, text := range texts {
		played, err := e.play(text)
		if err != nil {
			return nil, err
		}
		list = append(list, played)
	}
	return list, nil
}

// rewrite puts what a host answers behind the events of a scenario, in the place of
// the answers that are there. Comments and empty lines stay.
func rewrite(text, played string) string {
	blocks := map[int][]string{}
	at := -1
	for _, line := range split(played) {
		if line[0] != ' ' {
			at++
			continue
		}
		blocks[at] = append(blocks[at], line)
	}
	var out []string
	at = -1
	for _, line := range split(text) {
		switch {
		case line == "" || line[0] == '#':
			out = append(out, line)
		case line[0] != ' ':
			at++
			out = append(append(out, line), blocks[at]...)
		}
	}
	return strings.Join(out, "\n") + "\n"
}

// rewriteAll writes the first host's answers into the files, for a person to review.
func rewriteAll(out io.Writer, h host, files []string) error {
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		played, err := h.replay(string(text))
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		if trace.Expected(string(text)) == played {
			continue
		}
		if err := os.WriteFile(file, []byte(rewrite(string(text), played)), 0o644); err != nil {
			return err
		}
		fmt.Fprintln(out, "written:", file)
	}
	return nil
}
