package main

import (
	"cmp"
	"context"
	"time"

	"github.com/evercreds/evercreds/internal/awstest"
	"github.com/evercreds/evercreds/internal/proofs/workers"
)

// play runs the workers, and puts each cell's fault in force when its first set
// is handed out.
func (m *matrix) play(ctx context.Context, s *awstest.Server, root string) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // a worker that fails takes the others with it
	over := make(chan error, len(workers.Languages))
	for _, language := range workers.Languages {
		go func() { over <- m.work(ctx, s, root, language) }()
	}
	for running := len(workers.Languages); running > 0; {
		select {
		case err := <-over:
			if err != nil {
				return err
			}
			running--
		case <-time.After(50 * time.Millisecond):
			if err := m.disturb(s); err != nil {
				return err
			}
		}
	}
	m.roles = s.Counts().Roles
	return nil
}

// disturb injects the faults of cells that have begun, and revokes what is due.
func (m *matrix) disturb(s *awstest.Server) error {
	roles := s.Counts().Roles
	for language, results := range m.results {
		for i, r := range results {
			if r == nil {
				continue
			}
			c := m.cells[i]
			issued := roles[c.role(language)].Issued
			if len(issued) == 0 || r.disturbed {
				continue
			}
			r.origin = issued[0].AtMs
			since := time.Duration(s.Now().UnixMilli()-r.origin) * time.Millisecond
			if c.row.fault.Kind == revoke {
				if since >= revokedAt {
					r.disturbed = true
					if err := s.Revoke(issued[0].AccessKeyID); err != nil {
						return err
					}
				}
				continue
			}
			r.disturbed = true
			f := c.row.fault
			f.Role = c.role(language)
			f.FromMs = max(0, (faultFrom - since).Milliseconds())
			f.UntilMs = (c.row.until() - since).Milliseconds()
			if err := s.Inject(f); err != nil {
				return err
			}
		}
	}
	return nil
}

// work runs a session and a caller for each cell of a language.
func (m *matrix) work(ctx context.Context, s *awstest.Server, root, language string) error {
	w := workers.Process{Language: language, Root: root, Server: s, Region: awstest.DefaultRegion, Call: func(l workers.Line) {
		r := m.results[language][l.Session-1]
		r.calls = append(r.calls, l)
	}}
	if err := w.Start(ctx); err != nil {
		return err
	}
	over := make(chan error, len(m.cells))
	var err error
	opened := 0
	// One after the other: what is left of a set counts from the start of its flight,
	// a first refresh in Python makes a client, and many at once would be slow.
	for i, c := range m.cells {
		if m.results[language][i] == nil || err != nil {
			continue
		}
		ends := time.Now().Add(length)
		if err = m.begin(ctx, &w, i, c, s.URL); err == nil {
			opened++
			go func() {
				select {
				case <-ctx.Done():
				case <-time.After(time.Until(ends)):
				}
				_, err := w.Do(ctx, workers.Order{Do: "close", Session: i + 1})
				over <- err
			}()
		}
	}
	for range opened {
		err = cmp.Or(err, <-over)
	}
	return cmp.Or(w.End(), err)
}

// begin opens a cell's session, makes its first call, and starts its caller.
func (m *matrix) begin(ctx context.Context, w *workers.Process, i int, c cell, endpoint string) error {
	source := workers.Source{Kind: "sts", Name: c.role(w.Language), SessionName: "faults-" + w.Language, Endpoint: endpoint,
		Policy: policies[c.policy], Eager: !c.deferred, NoWait: true,
		Advisory: int(advisory.Seconds()), Mandatory: int(mandatory.Seconds()), Timeout: int(timeout.Seconds())}
	for _, o := range []workers.Order{
		{Do: "open", Source: source}, {Do: "call"}, {Do: "keep", Pace: workers.Pace{Callers: 1, PauseMs: 1000}},
	} {
		o.Session = i + 1 // 0 is none
		if _, err := w.Do(ctx, o); err != nil {
			return err
		}
	}
	return nil
}
