package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// A listed host is an executor. Paths are relative to the root of the project.
type listed struct {
	name    string
	command []string
	needs   []string // patterns, each of which must match a file
}

// A protocol is what executors of one kind are told, and what they answer.
type protocol struct {
	title string // of the table of results
	built string // the command that builds the executors
	play  player
	hosts []listed
}

// host replays a scenario: its text in, the answers out.
type host struct {
	name   string
	replay func(text string) (string, error)
	end    func() // nil: there is nothing to end
}

// selectHosts gives the hosts that are asked for, comma-separated, or all. A
// host that is not built is an error that says what to do.
func (p protocol) selectHosts(root, only string) ([]host, error) {
	var hosts []host
	wanted := strings.FieldsFunc(only, func(r rune) bool { return r == ',' })
	for _, l := range p.hosts {
		if only != "" && !slices.Contains(wanted, l.name) {
			continue
		}
		for _, pattern := range l.needs {
			found, err := filepath.Glob(filepath.Join(root, pattern))
			if err != nil || len(found) == 0 {
				return nil, fmt.Errorf("host %s is not built: %s is missing. Run %s, or leave the host out with -hosts", l.name, pattern, p.built)
			}
		}
		hosts = append(hosts, l.asHost(root, p.play))
	}
	for _, name := range wanted {
		if !slices.Contains(p.names(), name) {
			return nil, fmt.Errorf("-hosts must be of %s, not %q", strings.Join(p.names(), ", "), name)
		}
	}
	return hosts, nil
}

func (p protocol) names() []string {
	var names []string
	for _, l := range p.hosts {
		names = append(names, l.name)
	}
	return names
}

// patience is how long one scenario may take a host: far above what any needs, so
// that a host that hangs is a failure and not the end of the run.
var patience = time.Minute
