// Command versions runs the tests of all languages with other versions than those
// that the project pins:
//
//	versions [-only WORDS] [-write] newest|oldest
//
// newest takes each SDK at the newest version whose files the registry gives; oldest
// takes the lowest version that each package says it runs with. Both work in a clone
// of the tree under build/versions, whose lock files they change. With -write what they
// found replaces their part of docs/versions.md. -only leaves out all rows whose names
// have none of these words, divided by commas; the results of the others are kept from
// earlier runs.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
)

func main() {
	only := flag.String("only", "", "words of the rows to run")
	write := flag.Bool("write", false, "write the results into docs/versions.md")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	red, err := run(ctx, flag.Arg(0), *only, *write)
	if err != nil {
		fmt.Fprintln(os.Stderr, "versions:", err)
		os.Exit(2)
	}
	if red > 0 {
		os.Exit(1)
	}
}

// kinds are what this program can do.
var kinds = map[string]func(context.Context, *bench) error{"newest": newest, "oldest": oldest}

func run(ctx context.Context, kind, only string, write bool) (red int, err error) {
	do := kinds[kind]
	if do == nil {
		return 0, fmt.Errorf("it takes newest or oldest, got %q", kind)
	}
	b, err := newBench(ctx, kind, only)
	if err != nil {
		return 0, err
	}
	if err := do(ctx, b); err != nil {
		return 0, err
	}
	if err := b.save(); err != nil {
		return 0, err
	}
	if write {
		if err := writePage(filepath.Join(b.root, "docs", "versions.md"), kind, b.rows); err != nil {
			return 0, err
		}
	}
	fmt.Print(table(b.rows))
	for _, r := range b.rows {
		if r.Red != "" {
			red++
		}
	}
	fmt.Printf("%s: %d packages, %d red\n", kind, len(b.rows), red)
	return red, nil
}

// bench is a clone of the tree in which other versions are tried, and what came of it.
type bench struct {
	root, home, clone string // the tree; of this kind's logs; the clone in it
	only              []string
	rows              []row
}

func newBench(ctx context.Context, kind, only string) (*bench, error) {
	root, err := filepath.Abs(".")
	if err != nil {
		return nil, err
	}
	b := &bench{root: root, home: filepath.Join(root, "build", "versions", kind)}
	b.clone = filepath.Join(b.home, "evercreds")
	if only != "" {
		b.only = strings.Split(only, ",")
	}
	if err := os.MkdirAll(b.home, 0o755); err != nil {
		return nil, err
	}
	if err := b.load(); err != nil {
		return nil, err
	}
	clone := exec.CommandContext(ctx, "sh", "tools/clone.sh", b.clone)
	clone.Stderr = os.Stderr
	return b, clone.Run()
}

// wants tells whether a row is to be run.
func (b *bench) wants(name string) bool {
	for _, word := range b.only {
		if strings.Contains(name, word) {
			return true
		}
	}
	return len(b.only) == 0
}
