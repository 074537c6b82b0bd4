package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/evercreds/evercreds/internal/trace"
)

// coreExecutors play the core's scenarios. A new one is one line here. The core itself
// is played by import.
var coreExecutors = protocol{"conformance", "./task build", (*executor).replay, []listed{
	{"go", nil, nil},
	{"c", []string{"build/venv/bin/python", "bindings/python/tests/core_executor.py"}, []string{"build/venv/bin/python", "bindings/python/src/evercreds/_native/libevercreds.*"}},
	{"wazero", []string{"build/core-executor-wazero"}, []string{"build/core-executor-wazero", "build/evercreds.wasm"}},
	{"node", []string{"node", "build/core-executor-node.mjs"}, []string{"build/core-executor-node.mjs", "build/evercreds.wasm"}},
	{"wasmtime", []string{"build/venv/bin/python", "examples/embed/core_executor.py", "build/evercreds.wasm"}, []string{"build/venv/bin/python", "build/evercreds.wasm"}},
}}

// hostExecutors play host scenarios. A new one is one line here.
var hostExecutors = protocol{"host scenarios", "./task hosts", (*executor).play, []listed{
	{"go", []string{"build/host-executor-go", "-test.run=^TestHostExecutor$", "-host-executor"}, []string{"build/host-executor-go"}},
	{"wazero", []string{"build/host-executor-wazero", "-test.run=^TestHostExecutor$", "-host-executor"}, []string{"build/host-executor-wazero", "build/evercreds.wasm"}},
	{"python", []string{"build/venv/bin/python", "bindings/python/tests/host_executor.py"}, []string{"build/venv/bin/python"}},
	{"node", []string{"node", "build/host-executor-node.mjs"}, []string{"build/host-executor-node.mjs", "build/evercreds.wasm"}},
	{"wasmtime", []string{"build/venv/bin/python", "examples/embed/host_executor.py", "build/evercreds.wasm"}, []string{"build/venv/bin/python", "build/evercreds.wasm"}},
}}

// executor is one process that plays scenarios, one after the other.
type executor struct {
	cmd     *exec.Cmd
	in      io.WriteCloser
	answers chan string // closed when the process has closed its output
}

func startExecutor(root string, command []string) (*executor, error) {
	e := &executor{cmd: exec.Command(command[0], command[1:]...), answers: make(chan string, 100)}
	e.cmd.Dir, e.cmd.Stderr = root, os.Stderr
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

// end lets the process end by itself, and kills it if it does not.
func (e *executor) end() {
	_ = e.in.Close()
	timer := time.AfterFunc(5*time.Second, func() { _ = e.cmd.Process.Kill() })
	defer timer.Stop()
	for range e.answers { // what it says at its end
	}
	_ = e.cmd.Wait()
}

// replay takes a scenario of the core's through the process.
func (e *executor) replay(ctx context.Context, text string) (string, error) {
	m := &remote{say: func(line string) (string, error) { return e.line(ctx, line) }}
	var out strings.Builder
	err := trace.Replay(strings.NewReader(text), &out, m)
	m.free()
	return out.String(), err
}

// play takes a scenario of hosts through the process.
func (e *executor) play(ctx context.Context, text string) (string, error) {
	var out strings.Builder
	var scene scene
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
		for _, answer := range scene.render(line, answers) {
			fmt.Fprintln(&out, "  "+answer)
		}
	}
	return out.String(), nil
}

// say gives the process one event, and takes its answers up to the empty line.
func (e *executor) say(ctx context.Context, event string) ([]string, error) {
	answer, err := e.line(ctx, event)
	var answers []string
	for ; err == nil && answer != ""; answer, err = e.next(ctx) {
		answers = append(answers, answer)
	}
	return answers, err
}

// line gives the process a line, and takes one.
func (e *executor) line(ctx context.Context, line string) (string, error) {
	if _, err := io.WriteString(e.in, line+"\n"); err != nil {
		return "", err
	}
	return e.next(ctx)
}

func (e *executor) next(ctx context.Context) (string, error) {
	select {
	case answer, ok := <-e.answers:
		if !ok {
			return "", errors.New("the executor has ended")
		}
		return answer, nil
	case <-ctx.Done():
		return "", fmt.Errorf("no answer after %v", patience)
	}
}

// player takes one scenario through a process.
type player func(*executor, context.Context, string) (string, error)

func imported(text string) (string, error) {
	var out strings.Builder
	err := trace.Replay(strings.NewReader(text), &out, &trace.Native{})
	return out.String(), err
}

// asHost has scenarios played by one process, which is started anew after a failure.
func (l listed) asHost(root string, play player) host {
	if l.command == nil {
		return host{name: l.name, replay: imported}
	}
	var running *executor
	h := host{name: l.name}
	h.end = func() {
		if running != nil {
			running.end()
			running = nil
		}
	}
	h.replay = func(text string) (string, error) {
		if running == nil {
			e, err := startExecutor(root, l.command)
			if err != nil {
				return "", err
			}
			running = e
		}
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		played, err := play(running, ctx, text)
		if err != nil {
			h.end()
		}
		return played, err
	}
	return h
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
