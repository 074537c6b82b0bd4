package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"runtime"
	"strings"
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

func (w *worker) open(s source) (*evercreds.Session, error) {
	policy := map[string]evercreds.Policy{"classic": evercreds.Classic, "adaptive": evercreds.Adaptive}[s.Policy]
	seconds := func(n int) time.Duration { return time.Duration(n) * time.Second }
	opts := []evercreds.Option{evercreds.WithPolicy(policy), evercreds.WithDeferRefresh(s.Deferred),
		evercreds.WithAdvisoryTimeout(seconds(s.Advisory)), evercreds.WithMandatoryTimeout(seconds(s.Mandatory)),
		evercreds.WithRefreshTimeout(seconds(s.Timeout)), evercreds.WithConfig(w.base),
		evercreds.WithEvents(func(evercreds.Event) {})}
	if s.Inline {
		opts = append(opts, evercreds.WithAdvisoryRefresh(evercreds.Inline))
	}
	session, err := w.openBy(s, opts)
	if err == nil {
		w.opened.Add(1)
		runtime.AddCleanup(session, func(n *atomic.Int64) { n.Add(1) }, &w.collected)
	}
	return session, err
}

func (w *worker) openBy(s source, opts []evercreds.Option) (*evercreds.Session, error) {
	switch s.Kind {
	case "iot":
		return evercreds.NewIoT(evercreds.IoTParams{
			Endpoint: "soak.credentials.iot." + w.job.Region + ".amazonaws.com", RoleAlias: s.Name,
			Certificate: evercreds.PEMFile(w.job.Certificate), PrivateKey: evercreds.PEMFile(w.job.PrivateKey),
			CA: evercreds.PEMFile(w.job.CA), DialContext: w.dial,
		}, opts...)
	case "custom":
		client := sts.NewFromConfig(w.base, func(o *sts.Options) { o.HTTPClient = &http.Client{Transport: w.sources} })
		return evercreds.NewCustom(func(ctx context.Context) (evercreds.Credentials, error) {
			out, err := client.AssumeRole(ctx, &sts.AssumeRoleInput{RoleArn: &s.Name, RoleSessionName: aws.String("soak")})
			if err != nil {
				return evercreds.Credentials{}, err
			}
			c := out.Credentials
			if c == nil || c.Expiration == nil {
				return evercreds.Credentials{}, errors.New("half a reply")
			}
			return evercreds.Credentials{AccessKeyID: aws.ToString(c.AccessKeyId), SecretAccessKey: aws.ToString(c.SecretAccessKey),
				SessionToken: aws.ToString(c.SessionToken), Expires: *c.Expiration}, nil
		}, opts...)
	}
	return evercreds.NewSTS(w.base, evercreds.AssumeRole{RoleARN: s.Name, RoleSessionName: "soak"}, opts...)
}

// call makes one signed call, and tells of one that failed.
func (w *worker) call(s source, session *evercreds.Session, client *sts.Client) {
	ctx, stop := context.WithTimeout(context.Background(), 30*time.Second)
	defer stop()
	begun, before := time.Now(), session.Status()
	_, err := client.GetCallerIdentity(ctx, nil)
	w.calls.Add(1)
	if err == nil {
		return
	}
	w.failed.Add(1)
	after, took := session.Status(), time.Since(begun)
	var refused *evercreds.Error
	spaced := errors.As(err, &refused) && refused.Code == evercreds.CodeRejected && after.Rejections >= 2
	w.tell(map[string]any{"kind": "failure", "source": s.Name, "at_ms": begun.UnixMilli(), "took_ms": took.Milliseconds(),
		// a set was held that could be served until the call's end
		"held":   before.Remaining-before.Mandatory > took && !before.Rejected && after.Rejections == before.Rejections,
		"spaced": spaced, "error": strings.ReplaceAll(err.Error(), "\n", " ")})
}

// pass is a session from its beginning to its end, over a set that is rejected.
func (w *worker) pass(s source, rejected bool) {
	begun := time.Now()
	session, err := w.open(s)
	if err == nil {
		var client *sts.Client
		if client, err = evercreds.Client(session, sts.NewFromConfig); err == nil {
			w.call(s, session, client)
			if rejected {
				w.revoke(session)
			}
			w.call(s, session, client)
		}
		w.end(session)
	}
	if err != nil {
		w.tell(map[string]any{"kind": "failure", "source": s.Name, "at_ms": begun.UnixMilli(), "held": true, "error": err.Error()})
	}
}

func (w *worker) end(s *evercreds.Session) {
	w.lock.Lock()
	w.passed += s.Status().Installed
	w.lock.Unlock()
	if w.job.Leak == "session" {
		w.kept = append(w.kept, s)
		return
	}
	s.Close()
}
