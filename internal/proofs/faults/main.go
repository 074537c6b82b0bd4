// Command faults runs sessions of Go, Python and Node through every fault that
// the stand-in has, with signed calls all the while, and compares what became of
// the calls with what the core decides in virtual time. ./task faults prepares
// and runs it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"syscall"
	"time"

	"github.com/evercreds/evercreds/internal/awstest"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "faults:", err)
		os.Exit(1)
	}
}

func run() error {
	write := flag.Bool("write", false, "write docs/evidence/faults.md")
	only := flag.String("only", "", "run the cells whose names match, such as 'node hang adaptive eager'")
	copies := flag.Int("copies", 1, "sessions for each cell")
	root := flag.String("root", ".", "the project's directory")
	flag.Parse()
	if flag.NArg() > 0 {
		return fmt.Errorf("%q is not understood; see --help", flag.Arg(0))
	}
	match, err := regexp.Compile(*only)
	switch {
	case err != nil:
		return fmt.Errorf("-only: %w", err)
	case *copies < 1:
		return fmt.Errorf("-copies must be at least 1, not %d", *copies)
	case *write && (*only != "" || *copies > 1):
		return errors.New("-write is for a run of all cells, one session for each")
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, length+2*time.Minute) // ends workers that hang
	defer cancel()
	m, err := newMatrix(match, *copies)
	if err != nil {
		return err
	}
	s, err := awstest.Start(awstest.Config{Lifetime: lifetime})
	if err != nil {
		return err
	}
	defer s.Close()
	if err := m.play(ctx, s, *root); err != nil {
		return err
	}
	if err := m.print(os.Stdout); err != nil {
		return err
	}
	if *write {
		return os.WriteFile(filepath.Join(*root, "docs", "evidence", "faults.md"), m.page(), 0o644)
	}
	return nil
}
