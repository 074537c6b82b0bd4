// Command conformance replays scenarios in every host of the core and compares
// the outputs, byte for byte:
//
//	conformance [-root DIR] [-hosts go,c] [FILE...]
//	conformance [-root DIR] [-hosts go,c] -aws-suite FILE
//
// Without files it takes all of core/testdata. A file without answers is
// replayed too: the first host's answers are shown, and the others are held to
// them. With -aws-suite it runs AWS's own refresh scenarios instead. It exits
// with 1 on any difference or failure, and with 2 when it could not run.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

func main() {
	root := flag.String("root", ".", "the root of the project")
	only := flag.String("hosts", "", "comma-separated hosts to run (default: all)")
	suite := flag.String("aws-suite", "", "run the scenarios of this file, in AWS's format")
	flag.Parse()
	good, err := conform(os.Stdout, *root, *only, *suite, flag.Args())
	if err != nil {
		fmt.Fprintln(os.Stderr, "conformance:", err)
		os.Exit(2)
	}
	if !good {
		os.Exit(1)
	}
}

// conform does what the flags say, and reports whether all was as it should be.
func conform(out io.Writer, root, only, suite string, files []string) (bool, error) {
	if suite != "" {
		if _, err := os.Stat(suite); os.IsNotExist(err) {
			fmt.Fprintf(out, "aws suite: skipped, %s is not here\n", suite)
			return true, nil
		}
	}
	hosts, err := selectHosts(root, only)
	if err != nil {
		return false, err
	}
	if suite != "" {
		scenarios, err := loadSuite(suite)
		if err != nil {
			return false, err
		}
		return runSuite(out, hosts, scenarios)
	}
	if len(files) == 0 {
		if files, err = filepath.Glob(filepath.Join(root, "core", "testdata", "*.trace")); err != nil {
			return false, err
		}
	}
	if len(files) == 0 {
		return false, fmt.Errorf("no scenarios in %s", filepath.Join(root, "core", "testdata"))
	}
	return runScenarios(out, hosts, files)
}
