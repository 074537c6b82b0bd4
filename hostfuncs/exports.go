package hostfuncs

import (
	"github.com/tetratelabs/wazero/api"

	"github.com/evercreds/evercreds/core"
)

func i32(v int32) uint64 { return api.EncodeI32(v) }
func f64(v int64) uint64 { return api.EncodeF64(float64(v)) }

// halves are a 64-bit number as two i32, the low half first.
func halves(v uint64) (low, high uint64) { return v & 0xffffffff, v >> 32 }

func truth(b bool) int32 {
	if b {
		return 1
	}
	return 0
}

// event runs an export that gives a decision.
func (m *machine) event(name string, args ...uint64) (core.Decision, error) {
	_, d, err := m.opened(name, args...)
	return d, err
}

// opened runs an export that gives a handle, or 0, and a decision.
func (m *machine) opened(name string, args ...uint64) (int32, core.Decision, error) {
	r, err := m.number(name, args...)
	if err != nil {
		return 0, core.Decision{}, err
	}
	v, err := m.slots()
	return r, core.Decision{
		Kind: core.Kind(v[0]), Flags: core.Flag(v[1]), Code: core.Code(v[2]), Class: core.Class(v[3]),
		Ticket: v[4], Set: v[5], LeaseElapsed: v[6], LeaseWall: v[7], Expiry: v[8], Deadline: v[9],
		RetryAt: v[10], ErrorTicket: v[11], Epoch: v[12],
		Started: v[13], StartCause: core.Cause(v[14]), StartDeadline: v[15],
		Settled: v[16], Cancelled: v[17], NextWake: v[18], Phase: core.Phase(v[19]), Notes: core.Note(v[20]),
		Until: v[21], Held: v[22], Void: v[23],
		Share: core.Share(v[24]), ShareCall: v[25], ShareUntil: v[26], ShareNumber: v[27],
		ShareSet: v[28], ShareSpan: v[29], ShareNotice: v[30], ReplacesHigh: v[31], ReplacesLow: v[32],
	}, err
}

func (m *machine) SessionNew() (int32, error) { return m.number("session_new") }

func (m *machine) SessionOption(session int32, option core.Option, value float64) error {
	_, err := m.number("session_option", i32(session), i32(int32(option)), api.EncodeF64(value))
	return err
}

func (m *machine) SessionOpen(session int32, now core.Now, seed uint64) (core.Decision, error) {
	low, high := halves(seed)
	return m.event("session_open", i32(session), f64(now.Wall), f64(now.Elapsed), low, high)
}

func (m *machine) SessionRestore(snapshot []byte, now core.Now, seed uint64) (int32, core.Decision, error) {
	n, err := m.write(snapshot)
	if err != nil {
		return 0, core.Decision{}, err
	}
	low, high := halves(seed)
	return m.opened("session_restore", n, f64(now.Wall), f64(now.Elapsed), low, high)
}

func (m *machine) SessionSnapshot(session int32) ([]byte, error) {
	n, err := m.number("session_snapshot", i32(session), 0)
	if err != nil {
		return nil, err
	}
	return m.read(n)
}

func (m *machine) SessionClose(session int32) (core.Decision, error) {
	return m.event("session_close", i32(session))
}

func (m *machine) SessionFree(session int32) error {
	_, err := m.number("session_free", i32(session))
	return err
}

func (m *machine) SessionStatus(session int32, field core.Field, now core.Now) (int64, error) {
	return m.instant("session_status", i32(session), f64(now.Wall), f64(now.Elapsed), i32(int32(field)))
}

func (m *machine) Ask(session int32, now core.Now, need core.Need) (core.Decision, error) {
	low, high := halves(need.Other)
	return m.event("ask", i32(session), f64(now.Wall), f64(now.Elapsed),
		f64(need.MinTTL), low, high, i32(int32(need.Evidence)), f64(need.Until))
}

func (m *machine) Answer(session int32, ticket int64, now core.Now, need core.Need, forced bool) (core.Decision, error) {
	low, high := halves(need.Other)
	return m.event("answer", i32(session), f64(ticket), f64(now.Wall), f64(now.Elapsed),
		f64(need.MinTTL), low, high, i32(int32(need.Evidence)), f64(need.Until), i32(truth(forced)))
}

func (m *machine) Leave(session int32, now core.Now, need core.Need) (core.Decision, error) {
	low, high := halves(need.Other)
	return m.event("leave", i32(session), f64(now.Wall), f64(now.Elapsed), f64(need.MinTTL), low, high, i32(int32(need.Evidence)))
}

func (m *machine) Complete(session int32, ticket int64, now core.Now, facts core.Facts) (core.Decision, error) {
	low, high := halves(facts.Fingerprint)
	return m.event("complete", i32(session), f64(ticket), f64(now.Wall), f64(now.Elapsed), f64(facts.Expiry),
		low, high, f64(facts.Duration), f64(facts.ServerTime))
}

func (m *machine) Fail(session int32, ticket int64, now core.Now, class core.Class, reason core.Code, retryAfter int64) (core.Decision, error) {
	return m.event("fail", i32(session), f64(ticket), f64(now.Wall), f64(now.Elapsed),
		i32(int32(class)), i32(int32(reason)), f64(retryAfter))
}

func (m *machine) Abandon(session int32, ticket int64, now core.Now) (core.Decision, error) {
	return m.event("abandon", i32(session), f64(ticket), f64(now.Wall), f64(now.Elapsed))
}

func (m *machine) Prompted(session int32, ticket int64, now core.Now) (core.Decision, error) {
	return m.event("prompted", i32(session), f64(ticket), f64(now.Wall), f64(now.Elapsed))
}

func (m *machine) Invalidate(session int32, fingerprint uint64, now core.Now) (core.Decision, error) {
	low, high := halves(fingerprint)
	return m.event("invalidate", i32(session), low, high, f64(now.Wall), f64(now.Elapsed))
}

func (m *machine) Force(session int32, now core.Now) (core.Decision, error) {
	return m.event("force", i32(session), f64(now.Wall), f64(now.Elapsed))
}

func (m *machine) Wake(session int32, now core.Now) (core.Decision, error) {
	return m.event("wake", i32(session), f64(now.Wall), f64(now.Elapsed))
}

func (m *machine) ShareFound(session int32, call int64, now core.Now, f core.Found) (core.Decision, error) {
	low, high := halves(f.Fingerprint)
	replacesLow, replacesHigh := halves(f.Replaces)
	return m.event("share_found", i32(session), f64(call), f64(now.Wall), f64(now.Elapsed), f64(f.Expiry), low, high,
		f64(f.Life), f64(f.Left), f64(f.Generation), replacesLow, replacesHigh, f64(f.Turn), f64(f.TurnLeft), f64(f.Notice), f64(f.NoticeLeft))
}

func (m *machine) ShareLed(session int32, call int64, now core.Now, number int64, won bool, left int64) (core.Decision, error) {
	return m.event("share_led", i32(session), f64(call), f64(now.Wall), f64(now.Elapsed), f64(number), i32(truth(won)), f64(left))
}

func (m *machine) ShareDone(session int32, call int64, now core.Now, stored bool) (core.Decision, error) {
	return m.event("share_done", i32(session), f64(call), f64(now.Wall), f64(now.Elapsed), i32(truth(stored)))
}

func (m *machine) ShareFailed(session int32, call int64, now core.Now, why core.StoreFailure) (core.Decision, error) {
	return m.event("share_failed", i32(session), f64(call), f64(now.Wall), f64(now.Elapsed), i32(int32(why)))
}

func (m *machine) ShareHint(session int32, now core.Now) (core.Decision, error) {
	return m.event("share_hint", i32(session), f64(now.Wall), f64(now.Elapsed))
}
