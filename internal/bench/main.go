// Command bench runs the benchmarks, and writes docs/evidence/benchmarks.md with its charts.
// With -short it runs each program for a moment, to show that it works, and writes the page
// elsewhere.
package main

import (
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"time"
)

func main() {
	short := flag.Bool("short", false, "only show that all programs run, and that a page can be written")
	only := flag.String("only", "", "run only the programs whose name begins so; figures go to standard output, and no page is written")
	within := flag.Duration("within", 0, "begin no program after this time; the page says what was not measured. Default: no bound")
	to := flag.String("to", "docs/evidence", "the directory of the page")
	flag.Parse()
	if err := run(*short, *only, *to, *within); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(short bool, only, to string, within time.Duration) error {
	lab, err := newLab(short)
	if err != nil {
		return err
	}
	defer lab.close()
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, os.Interrupt)
	go func() {
		<-interrupted
		lab.close()
		os.Exit(130)
	}()
	if err := lab.measure(only, within); err != nil {
		return err
	}
	if only != "" {
		for _, group := range lab.figures.order {
			fmt.Print(lab.figures.table(group))
		}
		return nil
	}
	if short {
		if to, err = os.MkdirTemp("", "evercreds-bench-"); err != nil {
			return err
		}
		defer os.RemoveAll(to)
	}
	if err := os.MkdirAll(filepath.Join(to, "benchmarks"), 0o755); err != nil {
		return err
	}
	p := page{lab}
	for _, s := range sections {
		for _, g := range s.groups {
			if lab.figures.of[g] == nil {
				continue
			}
			if err := os.WriteFile(filepath.Join(to, "benchmarks", fileOf(g)), []byte(lab.figures.draw(g)), 0o644); err != nil {
				return err
			}
		}
	}
	if err := os.WriteFile(filepath.Join(to, "benchmarks.md"), []byte(p.text()), 0o644); err != nil {
		return err
	}
	met, all := p.count()
	fmt.Printf("bench: %d programs, %d goals, %d met\n", lab.programs, all, met)
	return nil
}
