// Command users builds the packages as they would be published, and runs the programs
// under users/ on them: small ones with the frameworks that people use, each of which
// shows that credentials are refreshed there.
//
//	users [-only WORDS] [-short] [-write]
//
// -only leaves out the programs whose names (python/celery) have none of these words,
// divided by commas. -short runs those that say so in their first lines, and none again
// that was green with the same files. With -write the results go to docs/evidence/users.md; those
// of programs that did not run are kept as they stand there. The last line is
// "users: N programs, M red".
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	only := flag.String("only", "", "words of the programs to run")
	short := flag.Bool("short", false, "run the cheapest alone")
	write := flag.Bool("write", false, "write the results into docs/evidence/users.md")
	parallel := flag.Int("parallel", 2, "programs at a time")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	red, err := run(ctx, *only, *short, *write, *parallel)
	if err != nil {
		fmt.Fprintln(os.Stderr, "users:", err)
		os.Exit(2)
	}
	if red > 0 {
		os.Exit(1)
	}
}

func run(ctx context.Context, only string, short, write bool, parallel int) (red int, err error) {
	programs, err := find("users")
	if err != nil {
		return 0, err
	}
	chosen := choose(programs, only, short)
	if len(chosen) == 0 { // that would be green
		return 0, fmt.Errorf("no program that is to run has one of these words in its name: %q", only)
	}
	l, err := newLane(ctx, short)
	if err != nil {
		return 0, err
	}
	defer l.close()
	ran := l.play(ctx, chosen, parallel)
	if err := ctx.Err(); err != nil {
		return 0, err // ended from outside: that is no result
	}
	if err := l.rows.forget(programs); err != nil {
		return 0, err
	}
	if write {
		if err := writePage("docs/evidence/users.md", programs, l.rows); err != nil {
			return 0, err
		}
	}
	fmt.Println(closingLine(ran))
	return reds(ran), nil
}
