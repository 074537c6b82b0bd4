// Command worker is the Go worker of the drivers demo, faults, soak and share: it opens
// sessions and makes calls as it is told on standard input. The package workers
// says how.
package main

import (
	"bufio"
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
	"github.com/aws/aws-sdk-go-v2/config"

	"github.com/evercreds/evercreds/internal/proofs/workers"
)

// longest is how long a call may take.
const longest = 30 * time.Second

// worker has the sessions, and what they share.
type worker struct {
	base aws.Config // signs as the base user; sessions have connections of their own
	pool *http.Transport
	// sources has the connections of custom sources, of which some hang.
	sources *http.Transport

	lag       atomic.Int64 // the longest standstill since the last sample, in ms
	opened    atomic.Int64
	collected atomic.Int64

	lock     sync.Mutex // of what follows
	lines    *json.Encoder
	sessions map[int]*session
	kept     []any // what is leaked on purpose
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "worker:", err)
		os.Exit(1)
	}
}

func run() error {
	base, err := config.LoadDefaultConfig(context.Background())
	if err != nil {
		return err
	}
	base.HTTPClient, base.RetryMaxAttempts = nil, 1
	w := &worker{base: base, lines: json.NewEncoder(os.Stdout), sessions: map[int]*session{},
		// a number of connections that is soon reached, and does not vary with the load
		pool:    &http.Transport{MaxIdleConnsPerHost: 16, MaxConnsPerHost: 16},
		sources: &http.Transport{MaxIdleConnsPerHost: 4}}
	go workers.WatchStalls(nil, func(d time.Duration) { w.lag.Store(max(w.lag.Load(), d.Milliseconds())) })
	orders := json.NewDecoder(bufio.NewReader(os.Stdin))
	for orders.More() {
		var o workers.Order
		if err := orders.Decode(&o); err != nil {
			return err
		}
		go w.obey(o)
	}
	return nil
}

func (w *worker) obey(o workers.Order) {
	var line workers.Line
	var err error
	switch o.Do {
	case "open":
		err = w.open(o)
	case "sample":
		w.leak(o.Leak)
		line.LagMs, line.Usage = float64(w.lag.Swap(0)), w.usage()
	case "settle":
		line.Usage = w.settled(o.Names, o.Start)
	default:
		w.lock.Lock()
		s := w.sessions[o.Session]
		w.lock.Unlock()
		if s == nil {
			err = fmt.Errorf("there is no session %d", o.Session)
			break
		}
		line, err = w.withSession(s, o)
	}
	if line.Number = o.Number; err != nil {
		line.Error = err.Error()
	}
	w.tell(line, nil)
}

func (w *worker) withSession(s *session, o workers.Order) (line workers.Line, err error) {
	ctx, stop := context.WithTimeout(context.Background(), longest)
	defer stop()
	switch o.Do {
	case "call":
		line = s.call(ctx, false)
		line.After = statusOf(s)
	case "keep":
		for range o.Pace.Callers {
			s.callers.Go(func() { w.keep(s, o.Pace) })
		}
	case "key":
		held, err := s.Retrieve(ctx)
		return workers.Line{Key: held.AccessKeyID}, err
	case "refresh":
		for range max(1, o.Times) {
			if _, err := s.Refresh(ctx); err != nil {
				return line, err
			}
		}
	case "close":
		line.After = w.close(s, o)
	default:
		err = fmt.Errorf("no such order: %s", o.Do)
	}
	return line, err
}

// keep makes calls until the session is closed.
func (w *worker) keep(s *session, pace workers.Pace) {
	for {
		select {
		case <-s.over:
			return
		case <-time.After(time.Duration(pace.PauseMs+rand.Int64N(pace.SpreadMs+1)) * time.Millisecond):
		}
		ctx, stop := context.WithTimeout(context.Background(), longest)
		w.tell(s.call(ctx, pace.Look), s)
		stop()
	}
}

// tell writes a line, with the status that s has at that time.
func (w *worker) tell(line workers.Line, s *session) {
	w.lock.Lock()
	defer w.lock.Unlock()
	if s != nil {
		line.After = statusOf(s)
	}
	if w.lines.Encode(line) != nil {
		os.Exit(1) // nobody reads any more
	}
}
