// Package stacks finds goroutines by what they run. It is for tests.
package stacks

import (
	"runtime"
	"strings"
)

// Of gives the stacks of the goroutines in which a function runs, or was started
// from, whose name has one of these parts. "" if there is none. A stack names files
// too, and what those are called depends on where the project lies: they do not count.
func Of(parts ...string) string {
	all := make([]byte, 1<<20)
	all = all[:runtime.Stack(all, true)]
	var found []string
	for stack := range strings.SplitSeq(string(all), "\n\n") {
		if runs(stack, parts) {
			found = append(found, stack)
		}
	}
	return strings.Join(found, "\n\n")
}

func runs(stack string, parts []string) bool {
	for line := range strings.Lines(stack) {
		if strings.HasPrefix(line, "\t") {
			continue // a file
		}
		for _, part := range parts {
			if strings.Contains(line, part) {
				return true
			}
		}
	}
	return false
}
