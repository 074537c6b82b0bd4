// Command sizes prints how large each shipped artefact is, raw and gzipped,
// beside its budget, and exits with 1 when one is over it.
package main

import (
	"flag"
	"fmt"
	"os"
	"runtime"
)

func main() {
	dir := flag.String("dir", "build", "the directory that holds the built artefacts")
	flag.Parse()
	over, err := report(os.Stdout, *dir, artefacts(runtime.GOOS))
	if err != nil {
		fmt.Fprintln(os.Stderr, "sizes:", err)
		os.Exit(1)
	}
	if over > 0 {
		os.Exit(1)
	}
}
