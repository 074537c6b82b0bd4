package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// event is what this command reads of a line of `go test -json`.
type event struct {
	Action  string
	Package string
	Test    string
	Output  string
}

// key names one test of one package.
type key struct{ pkg, test string }

// A summary counts the tests, subtests included, and prints what a reader of
// the run wants to see.
type summary struct {
	out                     io.Writer
	passed, failed, skipped int
	// output holds what each running test has printed.
	output map[key]*strings.Builder
	// running keeps the order in which the tests began.
	running []key
	// failedIn counts the failed tests of each package.
	failedIn map[string]int
}

func newSummary(out io.Writer) *summary {
	return &summary{out: out, output: map[key]*strings.Builder{}, failedIn: map[string]int{}}
}

// String gives the counts as "N passed, N failed, N skipped".
func (s *summary) String() string {
	return fmt.Sprintf("%d passed, %d failed, %d skipped", s.passed, s.failed, s.skipped)
}

// line takes one line of `go test -json`. Lines that are not JSON, which the go
// command prints too, are passed through.
func (s *summary) line(line []byte) error {
	var e event
	if err := json.Unmarshal(line, &e); err != nil {
		_, err := s.out.Write(line)
		return err
	}
	if e.Test == "" {
		return s.packageEvent(e)
	}
	return s.testEvent(e)
}

func (s *summary) packageEvent(e event) error {
	switch e.Action {
	case "output", "build-output":
		// Packages without tests and the bare verdict say nothing of use.
		if e.Output == "PASS\n" || strings.Contains(e.Output, "[no test files]") {
			return nil
		}
		_, err := io.WriteString(s.out, e.Output)
		return err
	case "fail":
		// A build failure, a panic or a time-out is a failure of no test.
		if s.failedIn[e.Package] > 0 {
			return s.printUnfinished(e.Package)
		}
		s.failed++
		if err := s.printUnfinished(e.Package); err != nil {
			return err
		}
		// internal/closing reads it, too
		_, err := fmt.Fprintf(s.out, "package %s failed, and no test of it did\n", e.Package)
		return err
	}
	return nil
}

func (s *summary) testEvent(e event) error {
	k := key{e.Package, e.Test}
	switch e.Action {
	case "run":
		s.output[k] = &strings.Builder{}
		s.running = append(s.running, k)
	case "output":
		if b := s.output[k]; b != nil {
			b.WriteString(e.Output)
		}
	case "pass":
		s.passed++
		s.forget(k)
	case "skip":
		s.skipped++
		return s.print(k)
	case "fail":
		s.failed++
		s.failedIn[e.Package]++
		return s.print(k)
	}
	return nil
}

// print shows what a test has printed and forgets it.
func (s *summary) print(k key) error {
	b := s.output[k]
	s.forget(k)
	if b == nil {
		return nil
	}
	_, err := io.WriteString(s.out, b.String())
	return err
}

// printUnfinished shows the tests of a package that neither passed nor failed:
// they were running when it ended.
func (s *summary) printUnfinished(pkg string) error {
	for _, k := range append([]key(nil), s.running...) {
		if k.pkg != pkg {
			continue
		}
		if err := s.print(k); err != nil {
			return err
		}
	}
	return nil
}

func (s *summary) forget(k key) {
	delete(s.output, k)
	for i, other := range s.running {
		if other == k {
			s.running = append(s.running[:i], s.running[i+1:]...)
			return
		}
	}
}
