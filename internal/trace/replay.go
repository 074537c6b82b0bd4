package trace

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/evercreds/evercreds/core"
)

// Base is the wall clock at the beginning of every scenario: 2026-01-01T00:00:00Z.
const Base int64 = 1767225600000

// replayer holds the clock and the names of one scenario.
type replayer struct {
	m        Machine
	now      core.Now
	tickets  []int64 // as issued: #1 is tickets[0]
	snapshot []byte
	open     bool // there is a session
}

// Replay reads a scenario, drives the machine and writes the answers. The error
// names a line that is not an event.
func Replay(in io.Reader, out io.Writer, m Machine) error {
	r := &replayer{m: m, now: core.Now{Wall: Base}}
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 1<<20)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimRight(lines.Text(), " \t\r")
		if line == "" || line[0] == '#' || line[0] == ' ' || line[0] == '\t' {
			continue
		}
		answer, err := r.event(line)
		if remote, ok := m.(Refusing); ok {
			if refused := remote.Refused(); err == nil {
				err = refused
			}
		}
		var option *core.OptionError
		var refusal Refusal
		switch {
		case errors.As(err, &option):
			answer = "refused " + Options[option.Option-1]
		case errors.As(err, &refusal):
			answer = "refused " + string(refusal)
		case err != nil:
			return fmt.Errorf("line %d: %w", n, err)
		}
		if _, err := fmt.Fprintf(out, "%s\n  %s\n", line, answer); err != nil {
			return err
		}
	}
	return lines.Err()
}

// event does one line and gives its answer.
func (r *replayer) event(line string) (string, error) {
	if rest, ok := strings.CutPrefix(line, "+"); ok {
		step, after, _ := strings.Cut(rest, " ")
		ms, ok := ParseSpan(step)
		if !ok || ms < 0 {
			return "", fmt.Errorf("%q is not a span", step)
		}
		r.now.Wall += ms
		r.now.Elapsed += ms
		line = strings.TrimLeft(after, " ")
	}
	verb, rest, _ := strings.Cut(line, " ")
	switch verb {
	case "rule":
		return r.rule(rest)
	}
	a := &args{ticket: -1, words: strings.Fields(rest)}
	answer, err := r.sessionEvent(verb, a)
	if err == nil {
		err = a.finish()
	}
	return answer, err
}

func (r *replayer) sessionEvent(verb string, a *args) (string, error) {
	switch verb {
	case "open":
		return r.openSession(a)
	case "clock":
		r.now.Wall += a.span("wall")
		r.now.Elapsed += a.span("elapsed")
		return "clock wall=" + FormatSpan(r.now.Wall-Base) + " elapsed=" + FormatSpan(r.now.Elapsed), nil
	}
	if !r.open {
		return "", errors.New("there is no session: open one first")
	}
	switch verb {
	case "snapshot":
		b, err := r.m.Snapshot()
		if err != nil {
			return "", err
		}
		r.snapshot = b
		return fmt.Sprintf("snapshot bytes=%d sum=%x", len(b), b[len(b)-8:]), nil
	case "restore":
		return r.restore(a)
	case "status":
		return r.status(a)
	}
	if _, refuses := r.m.(Refusing); !refuses && r.outOfRange(verb, a) {
		a.words = nil // what was refused has been read
		return "", Refusal("argument")
	}
	d, err := r.decide(verb, a)
	if err != nil {
		return "", err
	}
	return r.show(d), nil
}

func (r *replayer) decide(verb string, a *args) (core.Decision, error) {
	switch verb {
	case "ask":
		return r.m.Ask(r.now, r.need(a)), nil
	case "answer":
		return r.m.Answer(r.named(a), r.now, r.need(a), a.word("forced")), nil
	case "leave":
		return r.m.Leave(r.now, r.need(a)), nil
	case "complete":
		t, facts := r.named(a), r.facts(a)
		return r.m.Complete(t, r.now, facts), a.err
	case "fail":
		class := index(classes, a.text("class"))
		if class < 1 {
			return core.Decision{}, errors.New("class must be recoverable, permanent or throttled")
		}
		reason := core.CodeSource
		if a.word("malformed") {
			reason = core.CodeMalformed
		}
		return r.m.Fail(r.named(a), r.now, core.Class(class), reason, a.span("retry_after")), nil
	case "abandon":
		return r.m.Abandon(r.named(a), r.now), nil
	case "prompted":
		return r.m.Prompted(r.named(a), r.now), nil
	case "invalidate":
		return r.m.Invalidate(uint64(a.number("fp")), r.now), nil
	case "force":
		return r.m.Force(r.now), nil
	case "wake":
		return r.m.Wake(r.now), nil
	case "close":
		return r.m.Close(), nil
	}
	return r.shared(verb, a)
}

func (r *replayer) facts(a *args) core.Facts {
	f := core.Facts{Fingerprint: uint64(a.number("fp")), Duration: a.span("duration")}
	source := r.now.Wall
	if a.has("server") {
		source += a.span("server")
		f.ServerTime = source
	}
	switch {
	case a.word("endless"):
		f.Expiry = core.Never
	case a.has("life"):
		f.Expiry = source + a.span("life")
	case a.has("expires"):
		f.Expiry = Base + a.span("expires")
	default:
		a.err = errors.New("complete needs life=D, expires=D or endless")
	}
	return f
}

func (r *replayer) openSession(a *args) (string, error) {
	options, err := parseOptions(a)
	if err != nil {
		return "", err
	}
	d, err := r.m.Open(options, r.now, uint64(a.number("seed")))
	r.open = err == nil
	if err != nil {
		a.words = nil // what was refused has been read
		return "", err
	}
	return r.show(d), nil
}

func (r *replayer) restore(a *args) (string, error) {
	if r.snapshot == nil {
		return "", errors.New("there is no snapshot: take one first")
	}
	b := append([]byte(nil), r.snapshot...)
	if a.has("damage") {
		at := a.number("damage")
		if at < 0 || at >= int64(len(b)) {
			return "", errors.New("damage is beyond the snapshot")
		}
		b[at] ^= 1
	}
	d, err := r.m.Restore(b, r.now, uint64(a.number("seed")))
	if err != nil {
		return "", err
	}
	return r.show(d), nil
}
