package host

import (
	"errors"
	"fmt"
	"time"

	"github.com/evercreds/evercreds/core"
	"github.com/evercreds/evercreds/internal/abi/words"
	"github.com/evercreds/evercreds/internal/foreign"
	"github.com/evercreds/evercreds/internal/millis"
	"github.com/evercreds/evercreds/internal/sources"
)

// outcome is what an attempt brought, in the machine's terms.
type outcome struct {
	result sources.Result
	err    error      // why there is no result
	class  core.Class // core.ClassNone: the source died without an answer
	reason core.Code
	pause  int64 // milliseconds that the source asked for
	said   words.Said
}

// errAbandoned is the error if the source neither returned nor panicked.
var errAbandoned = errors.New("it neither returned nor panicked")

// panicked names only the type of a panic: its value may hold anything.
func panicked(p any) outcome { return outcome{err: fmt.Errorf("it panicked with a %T", p)} }

// judge sorts what a source returned. It runs without the lock and where a panic is
// caught, because errors are the source's code too: a nil pointer in an error panics in
// its methods. After judge no code of the source's runs.
func (h *Host) judge(result sources.Result, err error) outcome {
	if err == nil {
		err = result.Check(h.Method)
	}
	if err == nil {
		return outcome{result: result}
	}
	o := outcome{err: foreign.Guard(err), class: core.Recoverable, reason: core.CodeSource}
	if e := (*sources.Error)(nil); errors.As(o.err, &e) {
		o.pause = max(0, millis.Of(e.RetryAfter))
		if e.Class == core.Permanent || e.Class == core.Throttled {
			o.class = e.Class
		}
		if e.Reason == core.CodeMalformed {
			o.reason = e.Reason
		}
	}
	o.said = sources.Said(h.Method, o.err)
	if errors.Is(o.err, ErrReentrant) {
		o.class = core.Permanent // it will ask itself again
	}
	return o
}

// reports are the events that report an outcome. If the machine refuses one, the next
// says less.
func (o outcome) reports(m Machine, ticket int64) []func(core.Now) (core.Decision, error) {
	complete := func(now core.Now) (core.Decision, error) { return m.Complete(ticket, now, facts(o.result)) }
	malformed := func(now core.Now) (core.Decision, error) {
		return m.Fail(ticket, now, core.Recoverable, core.CodeMalformed, 0)
	}
	fail := func(now core.Now) (core.Decision, error) { return m.Fail(ticket, now, o.class, o.reason, o.pause) }
	abandon := func(now core.Now) (core.Decision, error) { return m.Abandon(ticket, now) }
	type events = []func(core.Now) (core.Decision, error)
	switch {
	case o.err == nil:
		return events{complete, malformed, abandon}
	case o.class == core.ClassNone:
		return events{abandon}
	}
	return events{fail, abandon}
}

// facts are what the machine learns of a result: no secret.
func facts(r sources.Result) core.Facts {
	f := core.Facts{
		Expiry:      r.ExpiryMilli(),
		Fingerprint: sources.Fingerprint(r.Credentials),
		Duration:    max(0, int64(r.Duration/time.Millisecond)),
	}
	if !r.ServerTime.IsZero() {
		f.ServerTime = max(0, millis.At(r.ServerTime))
	}
	return f
}
