// Command conformance replays scenarios in every host of the core and compares
// the outputs, byte for byte:
//
//	conformance [-root DIR] [-hosts go,c] [-executor COMMAND] [FILE...]
//	conformance [-root DIR] [-hosts go,c] -aws-suite FILE
//	conformance [-root DIR] [-hosts go,node] [-executor COMMAND] [-rewrite] [-first] -scenarios [FILE...]
//
// Without files it takes all of core/testdata. A file without answers is
// replayed too: the first host's answers are shown, and the others are held to
// them. With -aws-suite it runs AWS's own refresh scenarios instead, and with
// -scenarios those of hosts, which are in testdata/host: -first ends with the first
// scenario that differs, and -rewrite writes the first host's answers into the files.
// -executor is a host of your own. It exits with 1 on any difference or failure, and
// with 2 when it could not run.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// task is what the flags say.
type task struct {
	root, only, suite, executor string
	scenarios, rewrite, first   bool
	files                       []string
}

func main() {
	t := task{}
	flag.StringVar(&t.root, "root", ".", "the root of the project")
	flag.StringVar(&t.only, "hosts", "", "comma-separated hosts to run (default: all)")
	flag.StringVar(&t.suite, "aws-suite", "", "run the scenarios of this file, in AWS's format")
	flag.BoolVar(&t.scenarios, "scenarios", false, "play the scenarios of hosts")
	flag.StringVar(&t.executor, "executor", "", "a host of your own: its program and arguments, split at blanks")
	flag.BoolVar(&t.rewrite, "rewrite", false, "write the answers of the first host into the files")
	flag.BoolVar(&t.first, "first", false, "end with the first scenario that differs")
	flag.DurationVar(&patience, "patience", patience, "how long one scenario may take a host")
	flag.Parse()
	t.files = flag.Args()
	good, err := t.run(os.Stdout)
	if err != nil {
		fmt.Fprintln(os.Stderr, "conformance:", err)
		os.Exit(2)
	}
	if !good {
		os.Exit(1)
	}
}

// run does what the flags say, and reports whether all was as it should be.
func (t *task) run(out io.Writer) (bool, error) {
	if t.suite != "" {
		return t.runSuite(out)
	}
	p := coreExecutors
	if t.scenarios {
		p = hostExecutors
	}
	hosts, err := t.hosts(p)
	if err != nil {
		return false, err
	}
	defer endAll(hosts)
	if err := t.findFiles(); err != nil {
		return false, err
	}
	if t.rewrite {
		return true, rewriteAll(out, hosts[0], t.files)
	}
	if t.first {
		return oneByOne(out, p.title, hosts, t.files)
	}
	return runScenarios(out, p.title, hosts, t.files)
}

// oneByOne replays files until one makes a difference.
func oneByOne(out io.Writer, title string, hosts []host, files []string) (good bool, err error) {
	for _, file := range files {
		if good, err = runScenarios(out, title, hosts, []string{file}); !good || err != nil {
			break
		}
	}
	return good, err
}

func (t *task) findFiles() (err error) {
	folder := filepath.Join(t.root, "core", "testdata")
	if t.scenarios {
		folder = filepath.Join(t.root, "testdata", "host")
	}
	if len(t.files) == 0 {
		if t.files, err = filepath.Glob(filepath.Join(folder, "*.trace")); err != nil {
			return err
		}
	}
	if len(t.files) == 0 {
		return fmt.Errorf("no scenarios in %s", folder)
	}
	return nil
}

// hosts are those that are asked for, or the user's own.
func (t *task) hosts(p protocol) ([]host, error) {
	if own := strings.Fields(t.executor); len(own) > 0 {
		return []host{listed{name: "own", command: own}.asHost(t.root, p.play)}, nil
	}
	return p.selectHosts(t.root, t.only)
}

// runSuite runs AWS's scenarios, where they are.
func (t *task) runSuite(out io.Writer) (bool, error) {
	if _, err := os.Stat(t.suite); os.IsNotExist(err) {
		fmt.Fprintf(out, "aws suite: skipped, %s is not here\n", t.suite)
		return true, nil
	}
	hosts, err := t.hosts(coreExecutors)
	if err != nil {
		return false, err
	}
	defer endAll(hosts)
	scenarios, err := loadSuite(t.suite)
	if err != nil {
		return false, err
	}
	return runSuite(out, hosts, scenarios)
}

func endAll(hosts []host) {
	for _, h := range hosts {
		if h.end != nil {
			h.end()
		}
	}
}
