// Command fuzz runs every fuzz target of the project, one after the other, and says
// what each has done.
//
//	fuzz [-time 10m] [-only WORDS] [-keep N] -modules DIR,DIR...
//
// With -keep it then copies up to N of the smallest inputs that reached something
// new into the target's testdata, from where every run begins.
package main

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"time"
)

func main() {
	length := flag.Duration("time", 10*time.Second, "how long each target runs")
	only := flag.String("only", "", "run the targets with this in their names")
	keep := flag.Int("keep", 0, "copy up to so many of each target's inputs into its testdata")
	modules := flag.String("modules", ".", "the directories of the modules")
	flag.Parse()
	targets, err := list(strings.Split(*modules, ","))
	if err != nil {
		fmt.Fprintln(os.Stderr, "fuzz:", err)
		os.Exit(1)
	}
	runs, executions, findings := 0, int64(0), 0
	for _, t := range targets {
		if !strings.Contains(t.name, *only) {
			continue
		}
		r := t.run(*length)
		runs++
		executions += r.executions
		fmt.Printf("%-20s %12d executions, %5d inputs that reach something new: ", t.name, r.executions, r.interesting)
		if r.finding != "" {
			findings++
			fmt.Printf("a finding\n%s\n", r.finding)
			continue
		}
		fmt.Println("no finding")
		if *keep > 0 {
			if err := t.keep(*keep); err != nil {
				fmt.Fprintln(os.Stderr, "fuzz:", err)
				os.Exit(1)
			}
		}
	}
	fmt.Printf("fuzz: %d targets, %d executions, %d findings\n", runs, executions, findings)
	if runs == 0 || findings > 0 {
		os.Exit(1)
	}
}
