package host

import (
	"time"

	"github.com/evercreds/evercreds/core"
	"github.com/evercreds/evercreds/internal/abi/words"
)

// Failure is why there are no credentials.
type Failure struct {
	Code  core.Code
	Class core.Class
	// RetryAt is when the next attempt may start. Zero: never.
	RetryAt time.Time
	// Err is what the source said. It may be nil.
	Err error
	// Role is that of the session.
	Role string
	// AWSCode is the service's error code, or our word where no service answered.
	AWSCode string
	// Text is the first sentence of the error.
	Text string
}

// Reentrant is the code of an error that hosts detect themselves.
const Reentrant core.Code = -1

// Sentinel is what errors.Is finds in each error with its code.
type Sentinel core.Code

// ErrReentrant is that of [Reentrant].
const ErrReentrant = Sentinel(Reentrant)

// Error gives the reason.
func (s Sentinel) Error() string { return "evercreds: " + Reason(core.Code(s)).Text }

// Is tells whether target is the sentinel of this code.
func (f Failure) Is(target error) bool {
	s, ok := target.(Sentinel)
	return ok && core.Code(s) == f.Code
}

var reentrant = Failure{Code: Reentrant, Class: core.Permanent}

// Reason gives the name and the words of a code.
func Reason(code core.Code) words.Reason {
	if code == Reentrant {
		return here(words.Reentrant)
	}
	r, ok := words.ReasonOf(code)
	if !ok {
		r.Name, r.Text = "unknown", "for a reason that this version does not know"
	}
	return here(r)
}

// here writes a reason in this program's words.
func here(r words.Reason) words.Reason {
	r.Text, r.Do = words.In(words.Here, r.Text), words.In(words.Here, r.Do)
	return r
}

// failed is what an attempt failed with.
type failed struct {
	ticket int64
	err    error
	said   words.Said
}

// begun is a flight that has begun.
type begun struct {
	ticket int64
	cause  core.Cause
	of     *visit // what it has heard from the store; nil: it went without
}

// failuresKept is more than the outcomes that the machine remembers.
const failuresKept = 16

func (h *Host) keep(f failed) { h.failures = append(latest(h.failures), f) }

func (h *Host) begin(ticket int64, cause core.Cause) {
	h.begun = append(latest(h.begun), begun{ticket, cause, h.visit})
	h.visit = nil
}

// latest makes room for one more.
func latest[T any](list []T) []T {
	if len(list) == failuresKept {
		return append(list[:0], list[1:]...)
	}
	return list
}

// failedWith is what the attempt of a flight has failed with.
func (h *Host) failedWith(ticket int64) failed {
	for _, f := range h.failures {
		if f.ticket == ticket && ticket != 0 {
			return f
		}
	}
	return failed{}
}

// causeOf is why a flight began.
func (h *Host) causeOf(ticket int64) core.Cause {
	for _, b := range h.begun {
		if b.ticket == ticket {
			return b.cause
		}
	}
	return core.CauseNone
}

// LastCause is why the last flight began. The lock is held.
func (h *Host) LastCause() core.Cause {
	if len(h.begun) == 0 {
		return core.CauseNone
	}
	return h.begun[len(h.begun)-1].cause
}

// worded is a failure with its words.
func (h *Host) worded(f Failure, said words.Said) Failure {
	if f.Code == core.CodeTimedOut {
		said = words.TimedOut
	}
	f.Role, f.AWSCode = h.Role, said.Code
	f.Text = words.First(words.Here, h.Method, f.Code, Reason(f.Code).Sentence(), h.Role, said)
	return f
}

// failure is what a decision tells its caller.
func (r reply) failure() Failure {
	f := Failure{Code: r.Code, Class: r.Class, Err: r.failed.err}
	if r.RetryAt != core.Never {
		f.RetryAt = time.UnixMilli(r.now.Wall + r.RetryAt - r.now.Elapsed)
	}
	return f
}

// LastFailure is the failure of the last attempt that failed, or nil if one has
// succeeded since. The lock is held.
func (h *Host) LastFailure(now core.Now) (*Failure, error) {
	var of [4]int64
	for i, field := range []core.Field{core.StatusLastCode, core.StatusLastClass, core.StatusLastTicket, core.StatusHoldOff} {
		var err error
		if of[i], err = h.Machine.Status(field, now); err != nil {
			return nil, err
		}
	}
	if of[0] == 0 {
		return nil, nil
	}
	last := h.failedWith(of[2])
	f := h.worded(Failure{
		Code: core.Code(of[0]), Class: core.Class(of[1]), Err: last.err, RetryAt: time.UnixMilli(now.Wall + of[3]),
	}, last.said)
	return &f, nil
}
