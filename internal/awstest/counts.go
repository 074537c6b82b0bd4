package awstest

import (
	"maps"
	"sync"
	"time"
)

// Tally counts the calls of one kind. Attempts are Successes, Failures and the
// calls that are still being answered.
type Tally struct {
	Attempts      int `json:"attempts"`
	Successes     int `json:"successes"`
	Failures      int `json:"failures"`
	ConcurrentMax int `json:"concurrent_max"` // most calls under way at once
}

// SourceCounts is what one role or alias was asked. A refused signature is a
// failure of the role that was asked for. A reply that a client cannot use,
// malformed or expired, is a failure too.
type SourceCounts struct {
	Tally
	Issued []Issue `json:"issued"` // in order; sets handed out again not repeated
}

// Issue is one set that was handed out.
type Issue struct {
	AccessKeyID string `json:"access_key_id"`
	AtMs        int64  `json:"at_ms"`      // when, in ms since 1970 by the server's clock
	ExpiresMs   int64  `json:"expires_ms"` // the exact end, likewise
}

// Counts is what the stand-in was asked since it started or was Reset.
type Counts struct {
	Roles   map[string]SourceCounts `json:"roles"`   // AssumeRole, by role ARN
	Aliases map[string]SourceCounts `json:"aliases"` // the IoT provider, by alias
	Actions map[string]Tally        `json:"actions"` // by action
	Errors  map[string]int          `json:"errors"`  // by error code
	// ConcurrentMax is the most calls that were under way at once.
	ConcurrentMax int `json:"concurrent_max"`
}

// meter is a Tally and how many of its calls are under way now.
type meter struct {
	Tally
	now int
}

func (m *meter) enter() {
	m.Attempts++
	m.now++
	m.ConcurrentMax = max(m.ConcurrentMax, m.now)
}

// counter keeps the counts.
type counter struct {
	mu     sync.Mutex
	epoch  int // raised by clear: calls under way then are of the past
	all    meter
	action map[string]*meter
	source map[string]map[string]*meter // by action, for those that issue
	issue  map[string][]Issue           // by source
	errors map[string]int
}

func newCounter() *counter {
	n := &counter{}
	n.clear()
	return n
}

func (n *counter) clear() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.epoch++
	n.all, n.errors, n.action, n.issue = meter{}, map[string]int{}, map[string]*meter{}, map[string][]Issue{}
	n.source = map[string]map[string]*meter{ActionAssumeRole: {}, ActionRoleAlias: {}}
}

// meters are those that a call moves, made where they are missing.
func (n *counter) meters(action, source string) []*meter {
	list := []*meter{&n.all, meterIn(n.action, action)}
	if sources, ok := n.source[action]; ok && source != "" {
		list = append(list, meterIn(sources, source))
	}
	return list
}

func meterIn(m map[string]*meter, key string) *meter {
	if m[key] == nil {
		m[key] = &meter{}
	}
	return m[key]
}

// visit is one call's place in the counts.
type visit struct {
	epoch  int
	meters []*meter
}

// enter counts a call in and answers with what counts it out.
func (n *counter) enter(c *call) (leave func()) {
	n.mu.Lock()
	defer n.mu.Unlock()
	c.visit = visit{epoch: n.epoch, meters: n.meters(c.action, c.source)}
	for _, m := range c.visit.meters {
		m.enter()
	}
	return func() { n.record(c, func(m *meter) { m.now-- }) }
}

// record moves the meters of a call, unless they were cleared since it came. It
// says whether it did.
func (n *counter) record(c *call, move func(*meter)) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if c.visit.epoch != n.epoch {
		return false
	}
	for _, m := range c.visit.meters {
		move(m)
	}
	return true
}

func (n *counter) success(c *call) { n.record(c, func(m *meter) { m.Successes++ }) }

func (n *counter) failure(c *call, code string) {
	if n.record(c, func(m *meter) { m.Failures++ }) {
		n.mu.Lock()
		defer n.mu.Unlock()
		n.errors[code]++
	}
}

func (n *counter) issued(c *call, set issued, at time.Time) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if c.visit.epoch != n.epoch {
		return
	}
	n.issue[c.source] = append(n.issue[c.source], Issue{
		AccessKeyID: set.AccessKeyID,
		AtMs:        at.UnixMilli(),
		ExpiresMs:   set.Expires.UnixMilli(),
	})
}

// Counts is a copy of the counts as they stand.
func (s *Server) Counts() Counts {
	n := s.counter
	n.mu.Lock()
	defer n.mu.Unlock()
	out := Counts{
		Roles:         n.sources(ActionAssumeRole),
		Aliases:       n.sources(ActionRoleAlias),
		Actions:       map[string]Tally{},
		Errors:        maps.Clone(n.errors),
		ConcurrentMax: n.all.ConcurrentMax,
	}
	for action, m := range n.action {
		out.Actions[action] = m.Tally
	}
	return out
}

func (n *counter) sources(action string) map[string]SourceCounts {
	out := map[string]SourceCounts{}
	for source, m := range n.source[action] {
		out[source] = SourceCounts{Tally: m.Tally, Issued: append([]Issue{}, n.issue[source]...)}
	}
	return out
}
