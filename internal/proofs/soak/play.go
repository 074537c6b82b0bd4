package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/evercreds/evercreds/internal/awstest"
	"github.com/evercreds/evercreds/internal/proofs/workers"
)

// soak is one language's run.
type soak struct {
	language string
	minutes  float64
	verbose  bool

	stalls []blame // of the worker
	own    []blame // of this process, which has the stand-in in it

	begun chan struct{} // closed with the first sample: all sessions are open
	// disturb writes the first two, and the reader of the worker's lines the rest.
	faults int
	blames map[string][]blame // by source

	samples []usage
	sampled int64 // when the last of them was, in ms since 1970
	totals  map[string]int64
	start   usage
	end     usage
	words   string // the end of what the worker said on standard error
	failed  []failure

	rows        []row
	unexplained []failure
}

// line is one of a worker's.
type line struct {
	Kind   string           `json:"kind"` // start, sample, end or failure
	Usage  usage            `json:"usage"`
	Totals map[string]int64 `json:"totals"`
	// Lag is the longest standstill of the worker since the sample before.
	Lag float64 `json:"lag_ms"`
	failure
}

// disturb puts faults in force, round after round, and none in the last one, so
// that the end finds no source that hangs.
func (s *soak) disturb(ctx context.Context, server *awstest.Server, seed uint64, sources []source, length time.Duration) {
	select {
	case <-ctx.Done():
		return
	case <-s.begun:
	}
	random := rand.New(rand.NewPCG(seed, seed))
	for end := time.Now().Add(length - round); time.Now().Before(end); {
		now := time.Now().UnixMilli()
		for _, o := range outages(random, sources) {
			// The plan knows its own sources: a fault that is refused is a mistake here.
			if err := server.Inject(o.fault); err != nil {
				panic(err)
			}
			s.faults++
			s.blames[o.source.Name] = append(s.blames[o.source.Name], blame{now + o.fault.FromMs, now + o.fault.UntilMs})
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(round):
		}
		server.ClearFaults()
	}
}

// work runs the worker, and reads what it tells.
func (s *soak) work(ctx context.Context, server *awstest.Server, o options, job assignment) (err error) {
	w := workers.Process{Language: s.language, Root: o.root, Program: "internal/proofs/soak", NodeArgs: []string{"--expose-gc"},
		AssignmentEnv: assignmentEnv, Assignment: job, Region: job.Region,
		Env: []string{"AWS_DEFAULT_REGION=" + job.Region,
			// The C library keeps memory of each thread's, and an arena of its own for
			// many of them: a hundred threads in Python would fill these for minutes.
			"GLIBC_TUNABLES=glibc.malloc.arena_max=2:glibc.malloc.tcache_count=0",
			// neither may be read from the user's own directory
			"AWS_CONFIG_FILE=/dev/null", "AWS_SHARED_CREDENTIALS_FILE=/dev/null"}}
	s.words, err = w.Run(ctx, server, s.hear)
	return err
}

func (s *soak) hear(told []byte) error {
	var l line
	if json.Unmarshal(told, &l) != nil {
		return nil // a warning of the language's own on standard output
	}
	if s.verbose {
		fmt.Println(string(told))
	}
	switch l.Kind {
	case "start":
		s.start = l.Usage
	case "sample":
		if len(s.samples) == 0 {
			close(s.begun)
		}
		if l.Lag > stallMs {
			s.stalls = append(s.stalls, blame{s.sampled, l.AtMs})
		}
		s.sampled = l.AtMs
		s.samples, s.totals = append(s.samples, l.Usage), l.Totals
	case "end":
		s.end, s.totals = l.Usage, l.Totals
	case "failure":
		s.failed = append(s.failed, l.failure)
	}
	return nil
}

// conclude judges the run once its worker has ended.
func (s *soak) conclude() (err error) {
	if s.start == nil || s.end == nil {
		return errors.New("the worker ended before it had told everything")
	}
	for _, f := range s.failed {
		if !f.explained(slices.Concat(s.blames[f.Source], s.stalls, s.own)) {
			s.unexplained = append(s.unexplained, f)
		}
	}
	s.rows, err = judge(s.samples, s.minutes, s.start, s.end)
	return err
}
