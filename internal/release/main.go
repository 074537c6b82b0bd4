// Command release makes a release in the repository that it runs in, and checks what a
// release is called:
//
//	release check                       says which places disagree with the file VERSION
//	release [-sign] [-date DATE] VERSION
//
// ./task release VERSION runs it; docs/policies/releasing.md tells what comes before and after.
package main

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/evercreds/evercreds/internal/release/cut"
	"github.com/evercreds/evercreds/internal/release/tree"
)

func main() {
	root := flag.String("root", ".", "the clone in which the release is made")
	module := flag.String("module", "build/evercreds.wasm", "the WASI module, built from this tree")
	sign := flag.Bool("sign", false, "sign the tags, with the key that git is set up for")
	date := flag.String("date", time.Now().UTC().Format(time.DateOnly), "the date in the changelog")
	flag.Parse()
	if flag.NArg() != 1 {
		fmt.Fprintln(os.Stderr, "release: one argument is needed, the version, such as 1.2.3")
		os.Exit(2)
	}
	if err := run(flag.Arg(0), cut.Release{Root: *root, Version: flag.Arg(0), Date: *date, Module: *module, Sign: *sign}); err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

func run(what string, r cut.Release) error {
	if what == "check" {
		wrong, err := tree.Check(r.Root)
		if err == nil && len(wrong) > 0 {
			err = fmt.Errorf("not all places agree:\n%s", strings.Join(wrong, "\n"))
		}
		return err
	}
	tags, err := r.Cut()
	if err != nil {
		return err
	}
	fmt.Printf("release %s stands in this clone alone; look at it (git show %s), then:\n\n", r.Version, tags[0])
	fmt.Printf("  git push --atomic origin HEAD %s\n", strings.Join(tags, " "))
	return nil
}
