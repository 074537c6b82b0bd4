package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/evercreds/evercreds"
)

const (
	callers = 3
	// pause leaves the machine to the other languages.
	pause = 25 * time.Millisecond
)

// goWorker is the Go worker: one session, a few callers, a report on each line.
type goWorker struct {
	job     assignment
	session *evercreds.Session
	client  *sts.Client
	ends    time.Time

	lock sync.Mutex
	report
}

// runWorker is the whole Go worker.
func runWorker() error {
	w := &goWorker{}
	if err := json.Unmarshal([]byte(os.Getenv(assignmentEnv)), &w.job); err != nil {
		return fmt.Errorf("%s: %w", assignmentEnv, err)
	}
	base, err := w.baseConfig()
	if err != nil {
		return err
	}
	session, err := evercreds.NewSTS(base,
		evercreds.AssumeRole{RoleARN: w.job.RoleARN, RoleSessionName: "demo-go", Duration: 15 * time.Minute},
		evercreds.WithAdvisoryTimeout(time.Duration(w.job.Advisory)*time.Second),
		evercreds.WithMandatoryTimeout(time.Duration(w.job.Mandatory)*time.Second))
	if err != nil {
		return err
	}
	defer session.Close()
	w.session = session
	w.client = sts.NewFromConfig(session.Config(base), func(o *sts.Options) {
		o.RetryMaxAttempts = 2 // the second is for a call whose credentials are rejected
	})
	w.ends = time.Now().Add(time.Duration(w.job.LengthMs) * time.Millisecond)
	w.work()
	w.look()
	w.Done = true
	w.print()
	return nil
}

// baseConfig has the credentials of the environment, found as the SDK finds them.
func (w *goWorker) baseConfig() (aws.Config, error) {
	base, err := config.LoadDefaultConfig(context.Background(), config.WithRegion(w.job.Region))
	if w.job.Endpoint != "" {
		base.BaseEndpoint = aws.String(w.job.Endpoint)
	}
	return base, err
}

func (w *goWorker) work() {
	var all sync.WaitGroup
	for range callers {
		all.Go(func() {
			for time.Now().Before(w.ends) {
				w.call()
				time.Sleep(pause)
			}
		})
	}
	if w.job.ForceMs > 0 {
		all.Go(w.force)
	}
	reporting, stop := context.WithCancel(context.Background())
	go func() {
		all.Wait()
		stop()
	}()
	for reporting.Err() == nil {
		select {
		case <-reporting.Done():
		case <-time.After(250 * time.Millisecond):
			w.look()
			w.print()
		}
	}
}

func (w *goWorker) call() {
	ctx := context.Background()
	begun := time.Now()
	_, err := w.session.Retrieve(ctx)
	waited := time.Since(begun).Milliseconds()
	if err == nil {
		_, err = w.client.GetCallerIdentity(ctx, nil)
	}
	w.lock.Lock()
	if w.Sequence != "" {
		w.Longest = max(w.Longest, waited)
	}
	if err == nil {
		w.Calls++
	} else {
		w.Failed++
		w.Error = err.Error()
	}
	w.lock.Unlock()
	w.look()
}

// force asks for a refresh now and then, where none comes by itself.
func (w *goWorker) force() {
	every := time.Duration(w.job.ForceMs) * time.Millisecond
	for time.Now().Add(every).Before(w.ends) {
		time.Sleep(every)
		if _, err := w.session.Refresh(context.Background()); err != nil {
			w.lock.Lock()
			w.Failed++
			w.Error = err.Error()
			w.lock.Unlock()
		}
	}
}

// look notes the flights that have ended since the last look.
func (w *goWorker) look() {
	w.lock.Lock()
	defer w.lock.Unlock()
	s := w.session.Status()
	failed := int(s.Failures) - strings.Count(w.Sequence, "F")
	installed := int(s.Installs) - strings.Count(w.Sequence, "I")
	w.Sequence += strings.Repeat("F", failed) + strings.Repeat("I", installed)
	w.Degraded += int64(failed)
	w.Rejected = s.Rejections
	w.Phase, w.LeftMs = s.Phase.String(), s.Remaining.Milliseconds()
}

func (w *goWorker) print() {
	w.lock.Lock()
	defer w.lock.Unlock()
	line, err := json.Marshal(w.report)
	if err == nil {
		_, err = fmt.Println(string(line))
	}
	if err != nil {
		os.Exit(1) // nobody reads any more
	}
}
