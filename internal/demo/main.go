// Command demo runs a Go, a Python and a Node session side by side through an
// outage of the source, and checks that no call failed and that all three
// languages decided the same. ./task demo prepares and runs it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"syscall"
	"time"
)

func main() {
	p := parseFlags()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ok, err := run(ctx, p)
	if err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
	}
	if err != nil || !ok {
		os.Exit(1)
	}
}

// params are the flags of the demo.
type params struct {
	roleARN string
	region  string
	length  time.Duration
	plain   bool
}

func parseFlags() params {
	var p params
	flag.StringVar(&p.roleARN, "role-arn", "", "assume this role of real AWS, with the ambient credentials; without it the demo runs on its own stand-in")
	flag.StringVar(&p.region, "region", "us-east-1", "the region of STS")
	flag.DurationVar(&p.length, "length", 30*time.Second, "how long the sessions make calls")
	flag.BoolVar(&p.plain, "plain", false, "plain lines, also on a terminal")
	flag.Parse()
	if flag.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "demo: %q is not understood; see --help\n", flag.Arg(0))
		os.Exit(2)
	}
	if p.roleARN != "" && !roleARN.MatchString(p.roleARN) {
		fmt.Fprintf(os.Stderr, "demo: --role-arn must be like arn:aws:iam::123456789012:role/NAME, got %q\n", p.roleARN)
		os.Exit(2)
	}
	if p.length < shortest {
		fmt.Fprintf(os.Stderr, "demo: --length must be at least %s, to see a refresh through an outage\n", shortest)
		os.Exit(2)
	}
	return p
}

// roleARN catches what is no role at all before three languages complain of it.
var roleARN = regexp.MustCompile(`^arn:[a-z-]+:iam::\d{12}:role/[!-~]+$`)

// shortest holds one whole refresh with its outage.
const shortest = 15 * time.Second

// run is the whole demo. It reports whether everything went as it should.
func run(ctx context.Context, p params) (bool, error) {
	s, err := newScene(p)
	if err != nil {
		return false, err
	}
	defer s.close()
	ctx, cancel := context.WithTimeout(ctx, p.length+2*time.Minute) // ends workers that hang
	defer cancel()
	if s.standIn != nil {
		go s.rejectOnce(ctx)
	}
	show := newView(os.Stdout, p.plain)
	show.intro(s)
	ok := conclude(os.Stdout, s, follow(ctx, s, show))
	switch ctx.Err() {
	case context.Canceled:
		return false, errors.New("interrupted")
	case context.DeadlineExceeded:
		return false, errors.New("a worker did not end in time")
	}
	return ok, nil
}
