package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// client is a program that makes signed calls with what an SDK finds.
type client struct {
	name string
	argv []string
	once bool // it makes one call and ends
}

// findClients finds those that tests have anyway and, but for a short run, the ones that
// ./task command builds where their tools are there.
func findClients(dir string, short bool) ([]client, error) {
	root, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return nil, err
	}
	sources := filepath.Join(root, "cmd/evercreds/internal/contract/clients")
	python := os.Getenv("EVERCREDS_PYTHON") // as ./task sets it
	if python == "" {
		python = filepath.Join(root, "build/venv/bin/python")
	}
	clients := []client{
		{name: "botocore", argv: []string{python, filepath.Join(sources, "client.py")}},
		{name: "JavaScript", argv: []string{"node", filepath.Join(sources, "client.mjs")}},
		{name: "Go", argv: []string{filepath.Join(dir, "go")}},
	}
	for _, c := range clients {
		if _, err := exec.LookPath(c.argv[0]); err != nil {
			return nil, fmt.Errorf("the client %s is not there: %w", c.name, err)
		}
	}
	if short {
		return clients, nil
	}
	for _, c := range []client{
		{name: "AWS CLI", once: true, argv: []string{filepath.Join(dir, "awscli/bin/aws"), "sts", "get-caller-identity", "--query", "Arn", "--output", "text"}},
		{name: "Java", argv: []string{filepath.Join(dir, "java/client")}},
		{name: "Rust", argv: []string{filepath.Join(dir, "rust/debug/contract-client")}},
	} {
		if _, err := exec.LookPath(c.argv[0]); err != nil {
			fmt.Printf("without the client %s: it was not built\n", c.name)
			continue
		}
		clients = append(clients, c)
	}
	return clients, nil
}

// call is what came of one call.
type call struct {
	at   time.Time // when its line was read
	ok   bool
	arn  string
	took time.Duration
	text string // of a failure
	cold bool   // its time has the start of a program in it
}

// calls runs a client for a while, by way of a prefix such as "evercreds run --".
func (c client) calls(dir string, env []string, lasts time.Duration, prefix ...string) ([]call, error) {
	if c.once {
		return c.repeat(dir, env, lasts, prefix...)
	}
	argv := append(append(append([]string{}, prefix...), c.argv...), fmt.Sprint(lasts.Seconds()), "0.1")
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Env, cmd.Dir = env, dir
	var errs bytes.Buffer
	lines := &reader{}
	cmd.Stdout, cmd.Stderr = lines, &errs
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("%s: %w: %s", c.name, err, lastLine(errs.String()))
	}
	if warned := errs.String(); strings.Contains(warned, "retry") || strings.Contains(warned, "took") {
		return nil, fmt.Errorf("%s warned: %s", c.name, warned)
	}
	return lines.calls, nil
}

func lastLine(text string) string {
	text = strings.TrimSpace(text)
	return text[strings.LastIndex(text, "\n")+1:]
}

// repeat runs a client that makes one call.
func (c client) repeat(dir string, env []string, lasts time.Duration, prefix ...string) ([]call, error) {
	var all []call
	for end := time.Now().Add(lasts); ; {
		argv := append(append([]string{}, prefix...), c.argv...)
		cmd := exec.Command(argv[0], argv[1:]...)
		cmd.Env, cmd.Dir = env, dir
		var out, errs bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &errs
		began := time.Now()
		err := cmd.Run()
		all = append(all, call{time.Now(), err == nil, strings.TrimSpace(out.String()), time.Since(began), lastLine(errs.String()), true})
		if time.Now().After(end) {
			return all, nil
		}
	}
}

// reader reads a client's lines as they come.
type reader struct {
	rest  []byte
	calls []call
}

func (r *reader) Write(p []byte) (int, error) {
	r.rest = append(r.rest, p...)
	for {
		line, rest, ok := bytes.Cut(r.rest, []byte("\n"))
		if !ok {
			return len(p), nil
		}
		r.rest = rest
		words := strings.SplitN(string(line), " ", 4)
		if len(words) < 3 {
			continue
		}
		ms, _ := strconv.Atoi(words[2])
		c := call{at: time.Now(), ok: words[0] == "ok", took: time.Duration(ms) * time.Millisecond}
		if c.ok {
			c.arn = words[1]
		} else {
			c.text = strings.Join(words[1:], " ")
		}
		r.calls = append(r.calls, c)
	}
}
