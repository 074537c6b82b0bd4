package awstest

import (
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"
)

// armed is a fault that was injected.
type armed struct {
	Fault
	at   time.Time // by Config.Clock, which SetClockOffset does not move
	left int       // calls that it still takes; below 0: no limit
}

// faultList holds the injected faults in their order.
type faultList struct {
	mu    sync.Mutex
	armed []*armed
}

// Inject puts a fault in force from now on. It fails, naming the field, for one
// that could not do what its fields say.
func (s *Server) Inject(f Fault) error {
	if err := f.check(); err != nil {
		return fmt.Errorf("awstest: fault: %w", err)
	}
	a := &armed{Fault: f, at: s.cfg.Clock(), left: f.Count}
	if f.Count == 0 {
		a.left = -1
	}
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.armed = append(s.faults.armed, a)
	return nil
}

// ClearFaults ends all faults. Calls that hang already stay hanging.
func (s *Server) ClearFaults() {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.armed = nil
}

// Faults lists the faults that can still take a call, each with the Count that
// is left of it.
func (s *Server) Faults() []Fault {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	list := []Fault{}
	for _, a := range s.faults.armed {
		f := a.Fault
		f.Count = max(a.left, 0)
		list = append(list, f)
	}
	return list
}

// applyFaults finds the faults that take a call, uses them up by one, and
// leaves the one in force in the call. It answers with the sum of latencies.
func (s *Server) applyFaults(c *call) (delay time.Duration) {
	now := s.cfg.Clock()
	set, issued := s.vault.last(c.source)
	remaining := set.Expires.Sub(c.at)
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	for _, a := range s.faults.armed {
		if !a.takes(c) || !a.inTime(now) || !a.inLife(remaining, issued) {
			continue
		}
		if a.Kind != KindLatency && c.fault.Kind != "" {
			continue // another came first
		}
		a.left--
		delay += time.Duration(a.LatencyMs) * time.Millisecond
		if a.Kind != KindLatency {
			c.fault = a.Fault
		}
	}
	s.faults.armed = slices.DeleteFunc(s.faults.armed, func(a *armed) bool { return a.left == 0 })
	if c.fault.Kind == KindClockOffset {
		c.shift = time.Duration(c.fault.OffsetMs) * time.Millisecond
	}
	return delay
}

func (a *armed) takes(c *call) bool {
	action := a.Action
	switch {
	case a.Role != "":
		action = or(action, ActionAssumeRole)
	case a.Alias != "":
		action = ActionRoleAlias
	}
	switch {
	case action != "" && action != c.action:
		return false
	case a.Role != "" && a.Role != c.source, a.Alias != "" && a.Alias != c.source:
		return false
	}
	if a.Kind == KindTokenRefused && !c.caller.temporary() {
		return false
	}
	return !a.Kind.spoils() || c.action == ActionAssumeRole || c.action == ActionRoleAlias
}

func (a *armed) inTime(now time.Time) bool {
	since := now.Sub(a.at).Milliseconds()
	return since >= a.FromMs && (a.UntilMs == 0 || since < a.UntilMs)
}

func (a *armed) inLife(remaining time.Duration, issued bool) bool {
	if a.RemainingMaxMs == 0 {
		return true
	}
	return issued && remaining >= time.Duration(a.RemainingMinMs)*time.Millisecond &&
		remaining <= time.Duration(a.RemainingMaxMs)*time.Millisecond
}

// refusal is the error that the fault in force answers with.
func (c *call) refusal() *apiError {
	f := &c.fault
	e := &apiError{status: http.StatusBadRequest, code: f.Code, message: "Injected by the stand-in."}
	switch f.Kind {
	case KindHTTP:
		e = c.dialect.word(reasonUnavailable)
		if f.Status == http.StatusInternalServerError {
			e = c.dialect.word(reasonInternal)
		}
	case KindThrottling:
		e = c.dialect.word(reasonThrottled)
	case KindAccessDenied:
		e = c.dialect.word(reasonDenied)
	case KindTokenRefused:
		e = c.dialect.word(reasonBadToken)
	}
	if f.Kind == KindError && f.Status != 0 {
		e.status = f.Status
	}
	e.message = or(f.Message, e.message)
	e.retryAfter = f.RetryAfterS
	return e
}
