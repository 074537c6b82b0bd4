package main

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/evercreds/evercreds/internal/trace"
)

// A listed host is a program that replays a scenario, as docs/conformance.md
// says. Paths are relative to the root of the project.
type listed struct {
	name    string
	command []string
	batches bool     // it knows --batch
	needs   []string // patterns, each of which must match a file
}

// A new host is one line here.
var allHosts = []listed{
	{"go", []string{"build/replay-go"}, true, []string{"build/replay-go"}},
	{"c", []string{"build/venv/bin/python", "-m", "evercreds.replay"}, true, []string{"build/venv/bin/python", "bindings/python/src/evercreds/_native/libevercreds.*"}},
	{"wazero", []string{"build/replay-wazero"}, true, []string{"build/replay-wazero"}},
	{"node", []string{"node", "bindings/node/dist/replay.mjs"}, true, []string{"bindings/node/dist/replay.mjs"}},
}

// host replays a scenario: its text in, the answers out. batch, if the host has
// it, does so for many in one process.
type host struct {
	name   string
	replay func(text string) (string, error)
	batch  func(texts []string) ([]string, error)
}

// selectHosts gives the hosts that are asked for, comma-separated, or all. A
// host that is not built is an error that says what to do.
func selectHosts(root, only string, all []listed, made func(listed, string) host) ([]host, error) {
	var hosts []host
	wanted := strings.FieldsFunc(only, func(r rune) bool { return r == ',' })
	for _, l := range all {
		if only != "" && !slices.Contains(wanted, l.name) {
			continue
		}
		for _, pattern := range l.needs {
			found, err := filepath.Glob(filepath.Join(root, pattern))
			if err != nil || len(found) == 0 {
				return nil, fmt.Errorf("host %s is not built: %s is missing. Run ./task build, or leave the host out with -hosts", l.name, pattern)
			}
		}
		hosts = append(hosts, made(l, root))
	}
	for _, name := range wanted {
		if !slices.Contains(hostNames(all), name) {
			return nil, fmt.Errorf("-hosts must be of %s, not %q", strings.Join(hostNames(all), ", "), name)
		}
	}
	return hosts, nil
}

func hostNames(all []listed) []string {
	var names []string
	for _, l := range all {
		names = append(names, l.name)
	}
	return names
}

// patience is how long one process of a host may take: far above what any
// needs, so that a host that hangs is a failure and not the end of the run.
const patience = time.Minute

func (l listed) host(root string) host {
	h := host{name: l.name}
	h.replay = func(text string) (string, error) { return run(root, l.command, text) }
	if l.batches {
		command := append(slices.Clone(l.command), "--batch")
		h.batch = func(texts []string) ([]string, error) {
			out, err := run(root, command, joined(texts))
			if err != nil {
				return nil, err
			}
			return parted(out, len(texts))
		}
	}
	return h
}

// joined writes scenarios one after the other, each with its end.
func joined(texts []string) string {
	var out strings.Builder
	for _, text := range texts {
		out.WriteString(text)
		if !strings.HasSuffix(text, "\n") {
			out.WriteByte('\n')
		}
		out.WriteString(trace.End + "\n")
	}
	return out.String()
}

// parted takes the answers to n scenarios apart.
func parted(out string, n int) ([]string, error) {
	parts := []string{""}
	for line := range strings.Lines(out) {
		if line == trace.End+"\n" {
			parts = append(parts, "")
		} else {
			parts[len(parts)-1] += line
		}
	}
	if len(parts) != n+1 || parts[n] != "" {
		return nil, fmt.Errorf("%d ends in the answers to %d scenarios", len(parts)-1, n)
	}
	return parts[:n], nil
}

// run gives what a program printed.
func run(root string, command []string, in string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Dir = root
	cmd.Stdin = strings.NewReader(in)
	var out, complaint bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaint
	err := cmd.Run()
	if ctx.Err() != nil {
		err = fmt.Errorf("no end after %v", patience)
	}
	if err != nil {
		err = fmt.Errorf("%s: %w: %s", strings.Join(command, " "), err, strings.TrimSpace(complaint.String()))
	}
	return out.String(), err
}
