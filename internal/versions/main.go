// Command versions runs the tests of all languages with other versions than those
// that the project pins:
//
//	versions [-only WORDS] [-write] newest|oldest
//
// newest takes each SDK at the newest version whose files the registry gives; oldest
// takes the lowest version that each package says it runs with. Both work in a clone
// of the tree under build/versions, whose lock files they change. With -write what they
// found replaces their part of docs/reference/versions.md. -only leaves out all parts whose names
// have none of these words, divided by commas; the rows of the others are kept from
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
	only := flag.String("only", "", "words of the parts to run")
	write := flag.Bool("write", false, "write the results into docs/reference/versions.md")
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
var kinds = map[string]func(context.Context, *bench) ([]part, error){"newest": newest, "oldest": oldest}

func run(ctx context.Context, kind, only string, write bool) (red int, err error) {
	partsOf := kinds[kind]
	if partsOf == nil {
		return 0, fmt.Errorf("it takes newest or oldest, got %q", kind)
	}
	b, err := newBench(ctx, kind, only)
	if err != nil {
		return 0, err
	}
	parts, err := partsOf(ctx, b)
	if err != nil {
		return 0, err
	}
	if err := b.play(ctx, parts); err != nil {
		return 0, err
	}
	if write {
		if err := writePage(filepath.Join(b.root, "docs", "reference", "versions.md"), kind, parts, b.rows); err != nil {
			return 0, err
		}
	}
	fmt.Print(table(b.rows))
	fmt.Println(closingLine(kind, b.rows))
	return reds(b.rows), nil
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
	if err := os.MkdirAll(b.downloads(), 0o755); err != nil {
		return nil, err
	}
	if err := b.load(); err != nil {
		return nil, err
	}
	return b, b.fresh(ctx)
}

// fresh has the clone be as the tree is; what was built and installed in it stays.
func (b *bench) fresh(ctx context.Context) error {
	clone := exec.CommandContext(ctx, "sh", "tools/clone.sh", b.clone)
	clone.Stderr = os.Stderr
	return clone.Run()
}

// downloads is where files go that are fetched to see whether a registry gives them.
// npm does not make the folder.
func (b *bench) downloads() string { return filepath.Join(b.home, "downloads") }

// wants tells whether a part is to be run.
func (b *bench) wants(name string) bool {
	for _, word := range b.only {
		if strings.Contains(name, word) {
			return true
		}
	}
	return len(b.only) == 0
}
