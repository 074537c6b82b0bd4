//go:build go1.25

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/evercreds/evercreds"
)

// assignmentEnv is where a worker finds its assignment.
const assignmentEnv = "EVERCREDS_SOAK"

// worker is the Go worker: its sessions, and what was done with them.
type worker struct {
	job  assignment
	base aws.Config // signs as the base user; sessions have connections of their own
	mine aws.Config // the same, with the connections of the worker's own clients
	pool *http.Transport
	// sources has the connections of custom sources, of which some hang.
	sources *http.Transport

	lines     *json.Encoder
	lock      sync.Mutex // of lines and passed
	calls     atomic.Int64
	failed    atomic.Int64
	rejected  atomic.Int64
	opened    atomic.Int64
	collected atomic.Int64
	passed    int64 // sets that sessions fetched which are closed by now
	lasting   []*evercreds.Session
	kept      []any // what is leaked on purpose
}

// runWorker is the whole Go worker.
func runWorker() error {
	w := &worker{lines: json.NewEncoder(os.Stdout)}
	if err := json.Unmarshal([]byte(os.Getenv(assignmentEnv)), &w.job); err != nil {
		return fmt.Errorf("%s: %w", assignmentEnv, err)
	}
	key, secret := os.Getenv("AWS_ACCESS_KEY_ID"), os.Getenv("AWS_SECRET_ACCESS_KEY")
	w.base = aws.Config{Region: w.job.Region, BaseEndpoint: &w.job.Endpoint, RetryMaxAttempts: 1,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: key, SecretAccessKey: secret}, nil
		})}
	// a number of connections that is soon reached, and does not vary with the load
	w.pool = &http.Transport{MaxIdleConnsPerHost: 16, MaxConnsPerHost: 16}
	w.sources = &http.Transport{MaxIdleConnsPerHost: 4}
	w.mine = w.base.Copy()
	w.mine.HTTPClient = &http.Client{Transport: w.pool}
	for _, s := range w.job.Passing { // once, for what is made with the first of each
		w.pass(s, true)
	}
	start := w.quiet(nil)
	w.tell(map[string]any{"kind": "start", "usage": start})
	if err := w.run(); err != nil {
		return err
	}
	w.tell(map[string]any{"kind": "end", "usage": w.quiet(start), "totals": w.totals()})
	return nil
}

// run keeps the sessions that last for the length of the run.
func (w *worker) run() error {
	for _, s := range w.job.Lasting {
		session, err := w.open(s)
		if err != nil {
			return err
		}
		w.lasting = append(w.lasting, session)
	}
	ctx, stop := context.WithTimeout(context.Background(), time.Duration(w.job.LengthMs)*time.Millisecond)
	defer stop()
	var all sync.WaitGroup
	for i, s := range w.job.Lasting {
		session := w.lasting[i]
		client := sts.NewFromConfig(session.Config(w.mine))
		for range w.job.Callers {
			all.Go(func() {
				for pause(ctx, w.job.PauseMs) {
					w.call(s, session, client)
				}
			})
		}
	}
	all.Go(func() {
		for i := 0; pause(ctx, w.job.PassingMs); i++ {
			w.pass(w.job.Passing[i%len(w.job.Passing)], i%2 == 0)
		}
	})
	all.Go(func() {
		// once each: the core spaces what is rejected again and again, and counts
		// all sets as quickly rejected that live for less than a minute
		for i := 0; i < len(w.lasting) && pause(ctx, w.job.RevokeMs); i++ {
			w.revoke(w.lasting[i])
		}
	})
	var lag atomic.Int64 // in ms, since the last sample
	go watchStalls(ctx.Done(), func(d time.Duration) { lag.Store(max(lag.Load(), d.Milliseconds())) })
	for tick := time.NewTicker(time.Duration(w.job.SampleMs) * time.Millisecond); ctx.Err() == nil; <-tick.C {
		w.leak()
		u := w.usage()
		w.tell(map[string]any{"kind": "sample", "at_ms": time.Now().UnixMilli(), "lag_ms": lag.Swap(0), "usage": u, "totals": w.totals()})
	}
	all.Wait()
	for _, s := range w.lasting {
		w.end(s)
	}
	w.lasting = nil
	return nil
}

// pause waits for half to one and a half of ms. It tells whether to go on.
func pause(ctx context.Context, ms int64) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(time.Duration(ms/2+rand.Int64N(ms)) * time.Millisecond):
		return true
	}
}
