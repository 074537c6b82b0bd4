// Command replay is the Go host of the conformance scenarios: it reads one on
// standard input, or with --batch many, and prints the answers. See
// docs/conformance.md.
package main

import (
	"bufio"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/evercreds/evercreds/internal/trace"
)

func main() {
	batch := flag.Bool("batch", false, "read many scenarios, each with a line "+trace.End+" behind it")
	flag.Parse()
	out := bufio.NewWriter(os.Stdout)
	err := run(*batch, os.Stdin, out)
	if flush := out.Flush(); err == nil {
		err = flush
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
}

func run(batch bool, in io.Reader, out io.Writer) error {
	if batch {
		return trace.Batch(in, out, replay)
	}
	return replay(in, out)
}

func replay(in io.Reader, out io.Writer) error { return trace.Replay(in, out, &trace.Native{}) }
