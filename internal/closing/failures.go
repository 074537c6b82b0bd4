package main

import (
	"fmt"
	"strings"
)

// What is shown of failed tests, so that it fits the last part of CI's output.
const (
	mostLines   = 40  // of all of them together
	mostOfOne   = 8   // of one test's error
	longestLine = 240 // in characters
)

// A failure is a test that failed, and what it said.
type failure struct {
	name  string
	lines []string
}

// add keeps a line of what a test said, as long as there is room for it.
func (f *failure) add(line string) {
	if line = strings.TrimSpace(line); line == "" || len(f.lines) == mostOfOne {
		return
	}
	if runes := []rune(line); len(runes) > longestLine {
		line = string(runes[:longestLine]) + "..."
	}
	f.lines = append(f.lines, line)
}

// failedTests returns lines that name each test in log that failed, with the first
// lines of its error: mostLines in all, and none where nothing failed.
func failedTests(log string) []string {
	all := strings.Split(colour.ReplaceAllString(log, ""), "\n")
	for i, line := range all {
		all[i] = strings.TrimRight(line, "\r")
	}
	all = setBack(all)
	var found []failure
	found = append(found, failedInGo(all)...)
	found = append(found, failedInPytest(all)...)
	found = append(found, failedInVitest(all)...)
	found = append(found, failedInShare(all)...)
	found = append(found, failedInCommand(all)...)
	if len(found) == 0 {
		return nil
	}
	return shown(found)
}

// setBack takes away what sets off the logs of the wheel's runs, which each begin
// with a line of their own.
func setBack(lines []string) []string {
	inside := false
	for i, line := range lines {
		rest, isSetOff := strings.CutPrefix(line, "  ")
		switch {
		case strings.HasPrefix(line, "== the wheel, "):
			inside = true
		case inside && isSetOff:
			lines[i] = rest
		case line != "":
			inside = false
		}
	}
	return lines
}

// shown gives each failure its share of the lines; the names come first of all.
func shown(found []failure) []string {
	lines := []string{fmt.Sprintf("failed tests: %d", len(found))}
	room := mostLines - len(lines)
	if len(found) > room {
		more := len(found) - (room - 1)
		for _, f := range found[:room-1] {
			lines = append(lines, f.name)
		}
		return append(lines, fmt.Sprintf("and %d more", more))
	}
	room -= len(found)
	for i, f := range found {
		lines = append(lines, f.name)
		share := min(room/(len(found)-i), len(f.lines))
		for _, line := range f.lines[:share] {
			lines = append(lines, "    "+line)
		}
		room -= share
	}
	return lines
}
