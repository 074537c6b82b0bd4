package main

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// A listed host is a program that replays a scenario, as docs/conformance.md
// says. Paths are relative to the root of the project.
type listed struct {
	name    string
	command []string
	needs   []string // patterns, each of which must match a file
}

// A new host is one line here.
var allHosts = []listed{
	{"go", []string{"build/replay-go"}, []string{"build/replay-go"}},
	{"c", []string{"build/venv/bin/python", "-m", "evercreds.replay"}, []string{"build/venv/bin/python", "bindings/python/src/evercreds/_native/libevercreds.*"}},
	{"wazero", []string{"build/replay-wazero"}, []string{"build/replay-wazero"}},
	{"node", []string{"node", "bindings/node/dist/replay.mjs"}, []string{"bindings/node/dist/replay.mjs"}},
}

// host replays a scenario: its text in, the answers out.
type host struct {
	name   string
	replay func(text string) (string, error)
}

// selectHosts gives the hosts that are asked for, comma-separated, or all. A
// host that is not built is an error that says what to do.
func selectHosts(root, only string) ([]host, error) {
	var hosts []host
	wanted := strings.FieldsFunc(only, func(r rune) bool { return r == ',' })
	for _, l := range allHosts {
		if only != "" && !contains(wanted, l.name) {
			continue
		}
		for _, pattern := range l.needs {
			found, err := filepath.Glob(filepath.Join(root, pattern))
			if err != nil || len(found) == 0 {
				return nil, fmt.Errorf("host %s is not built: %s is missing. Run ./task build, or leave the host out with -hosts", l.name, pattern)
			}
		}
		hosts = append(hosts, host{l.name, l.replayer(root)})
	}
	for _, name := range wanted {
		if !listedAs(name) {
			return nil, fmt.Errorf("-hosts must be of %s, not %q", strings.Join(hostNames(), ", "), name)
		}
	}
	return hosts, nil
}

func contains(list []string, name string) bool {
	for _, n := range list {
		if n == name {
			return true
		}
	}
	return false
}

func listedAs(name string) bool { return contains(hostNames(), name) }

func hostNames() []string {
	var names []string
	for _, l := range allHosts {
		names = append(names, l.name)
	}
	return names
}

// patience is how long one replay may take: far above what any needs, so that
// a host that hangs is a failure and not the end of the run.
const patience = time.Minute

// replayer gives a function that runs the host's program once per scenario, so
// that no scenario sees what another left behind.
func (l listed) replayer(root string) func(string) (string, error) {
	return func(text string) (string, error) {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		cmd := exec.CommandContext(ctx, l.command[0], l.command[1:]...)
		cmd.Dir = root
		cmd.Stdin = strings.NewReader(text)
		var out, complaint bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &complaint
		err := cmd.Run()
		if ctx.Err() != nil {
			err = fmt.Errorf("no end after %v", patience)
		}
		if err != nil {
			err = fmt.Errorf("%s: %w: %s", strings.Join(l.command, " "), err, strings.TrimSpace(complaint.String()))
		}
		return out.String(), err
	}
}
