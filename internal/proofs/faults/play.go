package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/evercreds/evercreds/internal/awstest"
	"github.com/evercreds/evercreds/internal/proofs/workers"
)

// play runs the workers, and puts each cell's fault in force when its first set
// is handed out.
func (m *matrix) play(ctx context.Context, s *awstest.Server, root string) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // a worker that fails takes the others with it
	over := make(chan error, len(languages))
	for _, language := range languages {
		go func() { over <- m.work(ctx, s, root, language) }()
	}
	for running := len(languages); running > 0; {
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

func (m *matrix) work(ctx context.Context, s *awstest.Server, root, language string) error {
	job := assignment{Endpoint: s.URL, Region: awstest.DefaultRegion, LengthMs: length.Milliseconds(),
		Advisory: int(advisory.Seconds()), Mandatory: int(mandatory.Seconds()), Timeout: int(timeout.Seconds())}
	for i, c := range m.cells {
		if m.results[language][i] != nil {
			job.Cells = append(job.Cells, session{i, c.role(language), policies[c.policy], c.deferred})
		}
	}
	if len(job.Cells) == 0 {
		return nil
	}
	w := workers.Process{Language: language, Root: root, Program: "internal/proofs/faults",
		AssignmentEnv: assignmentEnv, Assignment: job, Region: job.Region}
	_, err := w.Run(ctx, s, func(line []byte) error { return m.hear(language, line) })
	return err
}

func (m *matrix) hear(language string, line []byte) error {
	var c call
	if json.Unmarshal(line, &c) != nil {
		return nil // a warning of the language's own on standard output
	}
	if c.Cell < 0 || c.Cell >= len(m.cells) || m.results[language][c.Cell] == nil {
		return fmt.Errorf("a report of cell %d", c.Cell)
	}
	r := m.results[language][c.Cell]
	r.calls = append(r.calls, c)
	return nil
}
