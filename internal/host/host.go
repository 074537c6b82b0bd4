// Package host is the loop of docs/reference/host.md for both hosts in Go, in the words of that
// page. The root package runs it around the core, and package hostfuncs around the WASI
// module.
package host

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/evercreds/evercreds/core"
	"github.com/evercreds/evercreds/internal/abi/words"
	"github.com/evercreds/evercreds/internal/sources"
	"github.com/evercreds/evercreds/internal/waits"
)

// Config is what a front end passes to its host.
type Config struct {
	Machine Machine
	Lock    sync.Locker // held in each call of the Machine, of Tell and of Log
	Clock   func() core.Now
	Source  sources.Source
	Method  core.Method
	// SessionName and Role tell the session from others. "": there is none.
	SessionName, Role string
	// Attended: a refresh prompts a person.
	Attended bool
	// Hears: the machine calls [Host.Start] for what it starts, within the event.
	Hears bool
	// Group is where the session shares its refreshes; nil: it does not.
	Group Group
	// Exclusive: the turn is a lock.
	Exclusive bool
	// StoreCall is how long a call of the store may take when nobody waits for it.
	StoreCall time.Duration
	// Refuse makes the error that callers get.
	Refuse func(Failure) error
	// Tell, which may be nil, takes the events, and Log the lines of the log, in the
	// order in which things happen. Neither may wait.
	Tell func(Event)
	Log  func(Line)
}

// Host keeps the credentials of one session. It is safe for concurrent use.
type Host struct {
	Config
	lease atomic.Pointer[Lease]
	owner waits.Owner // of the session's attempts

	// The rest is guarded by the lock.
	sets       map[int64]*sources.Credentials // by the ticket that brought them: pointers, since a map has room for eight
	flights    map[int64]*flight              // until they have reported
	failures   []failed                       // of the last flights
	begun      []begun                        // the last flights
	pause      chan struct{}                  // the bell of those who wait without a flight
	timer      *time.Timer
	wakeAt     int64
	asking     context.Context // of the caller whose event the machine has; nil: it is nobody's
	generation int             // how often the session was restored
	closed     bool
	calls      map[int64]*storeCall // of the store, until they were answered; made with the first
	visit      *visit               // of the flight that is not in the air yet; nil: there is none
	trouble    string               // why the event under way says that the store failed
	shareOwner string               // who has this session's turns
	strangers  strangers

	running sync.WaitGroup // attempts, and calls of the store
}

// Lease is a set that may be handed out until either clock says otherwise.
type Lease struct {
	Credentials aws.Credentials
	set         int64 // the ticket that brought it
	generation  int   // of the machine that granted it: a restored one gives tickets again
	elapsed     int64
	wall        int64
}

// New makes a host. [Host.Open] starts it.
func New(config Config) *Host {
	if config.StoreCall == 0 {
		config.StoreCall = 250 * time.Millisecond
	}
	return &Host{
		Config: config, wakeAt: core.Never, pause: make(chan struct{}),
		sets: map[int64]*sources.Credentials{}, flights: map[int64]*flight{},
		shareOwner: newOwner(),
	}
}

// Open starts the machine.
func (h *Host) Open(seed uint64) error {
	_, err := h.put(func(now core.Now) (core.Decision, error) { return h.Machine.Open(now, seed) })
	return err
}

// Leased gives the lease, if there is one that is valid: the hot path, without a lock
// and without a call of the machine. Else nil.
func (h *Host) Leased() *Lease {
	l := h.lease.Load()
	if l == nil {
		return nil
	}
	if now := h.Clock(); now.Elapsed < l.elapsed && now.Wall < l.wall {
		return l
	}
	return nil
}

// Granted returns the last lease, even if it has ended; nil: there is none, or it is void.
func (h *Host) Granted() *Lease { return h.lease.Load() }

// put gives the machine an event that is no caller's, and applies its decision. Nothing
// else but putFor calls the machine.
func (h *Host) put(event func(core.Now) (core.Decision, error)) (reply, error) {
	return h.putFor(context.Background(), event)
}

// putFor is put for a caller, whose context's values go to the attempt that this starts.
func (h *Host) putFor(ctx context.Context, event func(core.Now) (core.Decision, error)) (reply, error) {
	h.Lock.Lock()
	defer h.Lock.Unlock()
	return h.stepFor(ctx, event)
}

// stepFor is putFor for a caller that has the lock.
func (h *Host) stepFor(ctx context.Context, event func(core.Now) (core.Decision, error)) (reply, error) {
	h.asking = ctx
	defer func() { h.asking = nil }()
	return h.step(event)
}

// step is put for a caller that has the lock.
func (h *Host) step(event func(core.Now) (core.Decision, error)) (reply, error) {
	if len(h.calls) != 0 {
		h.takeAnswers()
	}
	now := h.Clock()
	h.trouble = words.TroubleTimeout
	d, err := event(now)
	if err != nil {
		return reply{}, err
	}
	return h.apply(d, now), nil
}

// Report asks for another set on behalf of a caller that will not use it, since its
// request cannot be sent twice.
func (h *Host) Report(ctx context.Context, need core.Need) {
	_, _ = h.putFor(ctx, func(now core.Now) (core.Decision, error) { return h.Machine.Ask(now, need) })
}

// Invalidate gives a set up for all callers.
func (h *Host) Invalidate(fingerprint uint64) error {
	_, err := h.put(func(now core.Now) (core.Decision, error) { return h.Machine.Invalidate(fingerprint, now) })
	return err
}

// Look calls a function while no event can reach the machine.
func (h *Host) Look(look func(Machine, core.Now)) {
	h.Lock.Lock()
	defer h.Lock.Unlock()
	look(h.Machine, h.Clock())
}

// Restore continues with a machine that does not know the flights under way: their
// waiters ask again, and their reports are dropped. The lock is held.
func (h *Host) Restore(restore func(core.Now) (core.Decision, error)) error {
	h.generation++
	h.letGo()
	h.shareOwner = newOwner()
	_, err := h.step(restore)
	return err
}

// Close answers every waiter, cancels the attempts, and drops the credentials.
func (h *Host) Close() error {
	h.Lock.Lock()
	defer h.Lock.Unlock()
	if h.closed {
		return nil
	}
	h.closed = true
	_, err := h.step(func(core.Now) (core.Decision, error) { return h.Machine.Close() })
	h.letGo()
	clear(h.sets)
	if h.timer != nil {
		h.timer.Stop()
	}
	h.tell(Event{Kind: Close, At: h.Clock().Wall})
	return err
}

// letGo ends all flights, wakes all waiters, and forgets the calls of the store. What goes
// there from a flight that is over has the time of a call.
func (h *Host) letGo() {
	for _, c := range h.calls {
		if c.kind == core.ShareLook || c.kind == core.ShareCampaign {
			c.cancel()
		} else {
			time.AfterFunc(h.StoreCall, c.cancel)
		}
	}
	clear(h.calls)
	h.visit = nil
	for _, f := range h.flights {
		f.end()
		ring(&f.bell)
	}
	clear(h.flights)
	h.lease.Store(nil)
	ring(&h.pause)
}

// Ended returns when no attempt and no call of the store runs any more.
func (h *Host) Ended() { h.running.Wait() }

// grace is how long a close waits for functions of the user's: a source that does not
// heed its context, a slow hook. All others end at once.
const grace = time.Second

// Grace waits, a second at most, until everything that was told to end has ended.
func Grace(ended func()) {
	done := make(chan struct{})
	go func() {
		ended()
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(grace):
	}
}
