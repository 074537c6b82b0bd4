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

// host replays a scenario: its text in, the answers out.
type host struct {
	name   string
	replay func(text string) (string, error)
	end    func() // nil: there is nothing to end
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

// patience is how long one scenario may take a host: far above what any needs, so
// that a host that hangs is a failure and not the end of the run.
var patience = time.Minute
