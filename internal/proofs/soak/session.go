//go:build go1.25

package main

import (
	"context"
	"fmt"
	"time"

	"github.com/evercreds/evercreds/internal/proofs/workers"
)

// open has the worker open a session, and gives its number. A client that is cached
// is the session's own, where a language has such clients.
func (s *soak) open(ctx context.Context, src source, cached bool) (int, error) {
	if src.Endpoint = s.server.URL; src.Kind == "iot" {
		client := s.server.ClientEC
		src.TLSEndpoint, src.CA, src.Certificate, src.PrivateKey = s.server.TLSURL, s.server.CAFile, client.CertFile, client.KeyFile
	}
	s.lock.Lock()
	s.sources = append(s.sources, src)
	s.totals["sessions"]++
	n := len(s.sources)
	s.lock.Unlock()
	_, err := s.worker.Do(ctx, workers.Order{Do: "open", Session: n, Source: src.Source, Cached: cached})
	return n, err
}

// close closes a session, or has the worker drop it.
func (s *soak) close(ctx context.Context, n int, drop bool) {
	line, err := s.worker.Do(ctx, workers.Order{Do: "close", Session: n, Drop: drop, Leak: s.leak})
	if s.fail(ctx, n, time.Now(), err) {
		return
	}
	s.lock.Lock()
	defer s.lock.Unlock()
	s.installs[n] = line.After.Installs
}

// passBy has a session made, used over a set that is rejected, for every second of
// them, and closed; one of four is not closed, but dropped, where that ends a session.
func (s *soak) passBy(ctx context.Context, src source, i int) {
	begun := time.Now()
	n, err := s.open(ctx, src, true)
	if s.fail(ctx, n, begun, err) {
		return
	}
	_, err = s.worker.Do(ctx, workers.Order{Do: "call", Session: n})
	if s.fail(ctx, n, begun, err); i%2 == 0 {
		s.revoke(ctx, n)
	}
	_, err = s.worker.Do(ctx, workers.Order{Do: "call", Session: n, Resource: i%4 == 0})
	s.fail(ctx, n, begun, err)
	s.close(ctx, n, i%4 == 3 && s.language != "go")
}

// revoke has the stand-in reject what a session holds.
func (s *soak) revoke(ctx context.Context, n int) {
	held, err := s.worker.Do(ctx, workers.Order{Do: "key", Session: n})
	if err != nil || s.server.Revoke(held.Key) != nil {
		return // its source is at fault just now
	}
	s.count("rejected")
}

// fork has a child make a signed call with a session of its parent's.
func (s *soak) fork(ctx context.Context, n int) {
	begun := time.Now()
	_, err := s.worker.Do(ctx, workers.Order{Do: "fork", Session: n})
	s.fail(ctx, n, begun, err)
	s.count("forks")
}

// fail notes that an order was not carried out, which no fault explains.
func (s *soak) fail(ctx context.Context, n int, begun time.Time, err error) bool {
	if err == nil || ctx.Err() != nil {
		return err != nil
	}
	s.lock.Lock()
	defer s.lock.Unlock()
	s.failed = append(s.failed, failure{source: s.sources[n-1].Name, atMs: begun.UnixMilli(), held: true, error: err.Error()})
	return true
}

func (s *soak) count(what string) {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.totals[what]++
}

// hear takes note of a call.
func (s *soak) hear(l workers.Line) {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.totals["calls"]++
	s.installs[l.Session] = max(s.installs[l.Session], l.After.Installs)
	if l.Failed == "" {
		return
	}
	s.totals["failed"]++
	f := failureOf(s.sources[l.Session-1].Name, l)
	if s.failed = append(s.failed, f); s.verbose {
		fmt.Printf("%+v\n", f)
	}
}
