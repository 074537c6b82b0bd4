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

// Reason gives the name and the text of a code.
func Reason(code core.Code) words.Reason {
	if code == Reentrant {
		return words.Reason{Code: code, Name: "reentrant", Text: words.Reentrant}
	}
	r, ok := words.ReasonOf(code)
	if !ok {
		r.Name, r.Text = "unknown", "for a reason that this version does not know"
	}
	r.Text = words.In(words.Go, r.Text)
	return r
}

// failed is what an attempt failed with.
type failed struct {
	ticket int64
	err    error
}

// failuresKept is more than the outcomes that the machine remembers.
const failuresKept = 16

func (h *Host) keep(ticket int64, err error) {
	if len(h.failures) == failuresKept {
		h.failures = append(h.failures[:0], h.failures[1:]...)
	}
	h.failures = append(h.failures, failed{ticket, err})
}

func (h *Host) causeOf(ticket int64) error {
	for _, f := range h.failures {
		if f.ticket == ticket && ticket != 0 {
			return f.err
		}
	}
	return nil
}

// failure is what a decision tells its caller.
func (r reply) failure() Failure {
	f := Failure{Code: r.Code, Class: r.Class, Err: r.cause}
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
	return &Failure{
		Code: core.Code(of[0]), Class: core.Class(of[1]), Err: h.causeOf(of[2]), RetryAt: time.UnixMilli(now.Wall + of[3]),
	}, nil
}
