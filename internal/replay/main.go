// Command replay is the Go host of the conformance scenarios: it reads one on
// standard input and prints the answers. See docs/conformance.md.
package main

import (
	"bufio"
	"fmt"
	"os"

	"github.com/evercreds/evercreds/internal/trace"
)

func main() {
	out := bufio.NewWriter(os.Stdout)
	err := trace.Replay(os.Stdin, out, &trace.Native{})
	if flush := out.Flush(); err == nil {
		err = flush
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
}
