// Command cmd plays fleets in virtual time, and prints what each came to. It fails if one
// does not keep its bounds.
//
//	cmd -share [-processes N] [-keys K] [-refreshes R] [-seed S] [-only WORDS] [-spread] [-write DIR]
package main

import (
	"flag"
	"fmt"
	"os"
	"strings"

	"github.com/evercreds/evercreds/internal/proofs/fleet"
)

func main() {
	share := flag.Bool("share", false, "sessions that share; without it, solo sessions and botocore's file cache alone")
	processes := flag.Int("processes", 100_000, "how many processes there are in all")
	keys := flag.Int("keys", 1000, "how many keys they have: a group has one")
	refreshes := flag.Int("refreshes", 10, "how often each set is fetched")
	seed := flag.Uint64("seed", 1, "the seed")
	only := flag.String("only", "", "only the runs with these words in their name")
	spread := flag.Bool("spread", false, "only the keys that were born together, with the three figures of their spread")
	write := flag.String("write", "", "write the figures and pictures into sharing.md and sharing/ of this directory")
	flag.Parse()
	if *processes < *keys || *keys < 1 || *refreshes < 4 || flag.NArg() > 0 {
		fmt.Fprintln(os.Stderr, "fleet: there must be a key, a process for each key, and four refreshes")
		os.Exit(2)
	}
	rows := fleet.Suite(*processes, *keys, *refreshes, *seed)
	if *spread {
		rows = []fleet.Row{fleet.Keys(*processes, *keys, *refreshes, *seed)}
	}
	if err := play(rows, *share || *spread, *only, *write); err != nil {
		fmt.Fprintln(os.Stderr, "fleet:", err)
		os.Exit(1)
	}
}

// play plays the rows that are asked for, and tells what each came to as it ends.
func play(rows []fleet.Row, share bool, only, write string) error {
	var report fleet.Report
	missed := 0
	fmt.Print(fleet.Head())
	for i := range rows {
		r := &rows[i]
		if !strings.Contains(r.Name, only) || !share && r.Way == fleet.Shared {
			continue
		}
		t, err := fleet.Run(&r.Plan)
		if err != nil {
			return err
		}
		report.Add(r, t)
		fmt.Print(r.Line(t))
		for _, what := range r.Misses(t) {
			fmt.Println("  MISSED:", what)
			missed++
		}
	}
	fmt.Println(report.Total())
	if write != "" && missed == 0 {
		if err := report.Write(write); err != nil {
			return err
		}
	}
	if missed > 0 {
		return fmt.Errorf("%d bounds missed", missed)
	}
	return nil
}
