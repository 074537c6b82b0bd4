package host

import "github.com/evercreds/evercreds/core"

// Machine decides for one session. Its methods are those of [core.Session]. An error
// tells that there is no decision: an option or an argument was refused, or the machine
// is gone for good.
type Machine interface {
	Open(now core.Now, seed uint64) (core.Decision, error)
	Ask(now core.Now, need core.Need) (core.Decision, error)
	Answer(ticket int64, now core.Now, need core.Need, forced bool) (core.Decision, error)
	Leave(now core.Now, need core.Need) (core.Decision, error)
	Complete(ticket int64, now core.Now, facts core.Facts) (core.Decision, error)
	Fail(ticket int64, now core.Now, class core.Class, reason core.Code, retryAfter int64) (core.Decision, error)
	Abandon(ticket int64, now core.Now) (core.Decision, error)
	Prompted(ticket int64, now core.Now) (core.Decision, error)
	Invalidate(fingerprint uint64, now core.Now) (core.Decision, error)
	Force(now core.Now) (core.Decision, error)
	Wake(now core.Now) (core.Decision, error)
	ShareFound(call int64, now core.Now, found core.Found) (core.Decision, error)
	ShareLed(call int64, now core.Now, number int64, won bool, left int64) (core.Decision, error)
	ShareDone(call int64, now core.Now, stored bool) (core.Decision, error)
	ShareFailed(call int64, now core.Now, why core.StoreFailure) (core.Decision, error)
	ShareHint(now core.Now) (core.Decision, error)
	Close() (core.Decision, error)
	Status(field core.Field, now core.Now) (int64, error)
}

// Core is the compiled-in machine. It refuses no event.
type Core struct{ *core.Session }

// Ask calls the core, as do the other methods.
func (c Core) Ask(now core.Now, need core.Need) (core.Decision, error) {
	return c.Session.Ask(now, need), nil
}

// Answer implements [Machine].
func (c Core) Answer(ticket int64, now core.Now, need core.Need, forced bool) (core.Decision, error) {
	return c.Session.Answer(ticket, now, need, forced), nil
}

// Leave implements [Machine].
func (c Core) Leave(now core.Now, need core.Need) (core.Decision, error) {
	return c.Session.Leave(now, need), nil
}

// Complete implements [Machine].
func (c Core) Complete(ticket int64, now core.Now, facts core.Facts) (core.Decision, error) {
	return c.Session.Complete(ticket, now, facts), nil
}

// Fail implements [Machine].
func (c Core) Fail(ticket int64, now core.Now, class core.Class, reason core.Code, retryAfter int64) (core.Decision, error) {
	return c.Session.Fail(ticket, now, class, reason, retryAfter), nil
}

// Abandon implements [Machine].
func (c Core) Abandon(ticket int64, now core.Now) (core.Decision, error) {
	return c.Session.Abandon(ticket, now), nil
}

// Prompted implements [Machine].
func (c Core) Prompted(ticket int64, now core.Now) (core.Decision, error) {
	return c.Session.Prompted(ticket, now), nil
}

// Invalidate implements [Machine].
func (c Core) Invalidate(fingerprint uint64, now core.Now) (core.Decision, error) {
	return c.Session.Invalidate(fingerprint, now), nil
}

// Force implements [Machine].
func (c Core) Force(now core.Now) (core.Decision, error) { return c.Session.Force(now), nil }

// Wake implements [Machine].
func (c Core) Wake(now core.Now) (core.Decision, error) { return c.Session.Wake(now), nil }

// ShareFound implements [Machine].
func (c Core) ShareFound(call int64, now core.Now, found core.Found) (core.Decision, error) {
	return c.Session.ShareFound(call, now, found), nil
}

// ShareLed implements [Machine].
func (c Core) ShareLed(call int64, now core.Now, number int64, won bool, left int64) (core.Decision, error) {
	return c.Session.ShareLed(call, now, number, won, left), nil
}

// ShareDone implements [Machine].
func (c Core) ShareDone(call int64, now core.Now, stored bool) (core.Decision, error) {
	return c.Session.ShareDone(call, now, stored), nil
}

// ShareFailed implements [Machine].
func (c Core) ShareFailed(call int64, now core.Now, why core.StoreFailure) (core.Decision, error) {
	return c.Session.ShareFailed(call, now, why), nil
}

// ShareHint implements [Machine].
func (c Core) ShareHint(now core.Now) (core.Decision, error) { return c.Session.ShareHint(now), nil }

// Close implements [Machine].
func (c Core) Close() (core.Decision, error) { return c.Session.Close(), nil }

// Status implements [Machine].
func (c Core) Status(field core.Field, now core.Now) (int64, error) {
	return c.Session.Status(field, now), nil
}
