// Command gotest runs `go test` in several modules and ends with one line that
// counts the tests of all of them:
//
//	gotest [-modules DIR,DIR...] [arguments of go test]
//
// It prints what go test prints for a package, and the output of a test only
// when it failed or was skipped. It exits with 1 when anything failed.
package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
)

func main() {
	modules, args := []string{"."}, os.Args[1:]
	if len(args) >= 2 && args[0] == "-modules" {
		modules, args = strings.Split(args[1], ","), args[2:]
	}
	sum := newSummary(os.Stdout)
	for _, dir := range modules {
		if err := runModule(sum, dir, args); err != nil {
			fmt.Fprintln(os.Stderr, "gotest:", err)
			os.Exit(1)
		}
	}
	fmt.Printf("go: %s (modules: %d)\n", sum, len(modules))
	if sum.failed > 0 {
		os.Exit(1)
	}
}

// runModule runs go test in dir and adds what it reports to sum. The error is
// of a run that could not be made or followed, not of a failed test.
func runModule(sum *summary, dir string, args []string) error {
	cmd := exec.Command("go", append([]string{"test", "-json"}, args...)...)
	cmd.Dir = dir
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	failedBefore := sum.failed
	scanErr := follow(sum, out)
	waitErr := cmd.Wait()
	if scanErr != nil {
		return scanErr
	}
	// go test may fail before it has any package to report on.
	if waitErr != nil && sum.failed == failedBefore {
		return fmt.Errorf("go test in %s: %w", dir, waitErr)
	}
	return nil
}

// follow feeds the lines of r to sum until r ends.
func follow(sum *summary, r io.Reader) error {
	reader := bufio.NewReader(r)
	for {
		line, err := reader.ReadBytes('\n')
		if len(line) > 0 {
			if err := sum.line(line); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}
