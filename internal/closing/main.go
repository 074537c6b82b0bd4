// Command closing reads the logs of test runs and prints the tests that failed,
// with the first lines of their errors, then the closing line of each runner in
// them, and last "N passed, N failed" over the tests of all languages:
//
//	closing LOG...
//
// It exits with 1 when a runner's closing line is in none of the logs.
package main

import (
	"fmt"
	"os"
	"strings"
)

func main() {
	var logs strings.Builder
	for _, name := range os.Args[1:] {
		content, err := os.ReadFile(name)
		if err != nil {
			fmt.Fprintln(os.Stderr, "closing:", err)
			os.Exit(1)
		}
		logs.Write(content)
		logs.WriteByte('\n')
	}
	lines, missing := closingLines(logs.String())
	for _, line := range append(failedTests(logs.String()), lines...) {
		fmt.Println(line)
	}
	if missing > 0 {
		os.Exit(1)
	}
}
