//go:build go1.25

package hostexecutor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/evercreds/evercreds/core"
	"github.com/evercreds/evercreds/internal/abi/words"
	"github.com/evercreds/evercreds/internal/host"
	"github.com/evercreds/evercreds/internal/sources"
	"github.com/evercreds/evercreds/share"
)

// store is a store that answers what the scenario says. Its clock is the elapsed clock, a
// day ahead.
type store struct {
	play *play

	mu       sync.Mutex
	waiting  []*asked // in the order in which they were asked
	released bool
}

// asked is a call that waits for its answer.
type asked struct {
	kind   string
	answer chan scripted // closed at the scenario's end
}

// scripted is what the scenario has a store answer.
type scripted struct {
	word string
	args map[string]string
}

const dayMS = 86_400_000

func (s *store) clock() int64 { return s.play.now().Elapsed + dayMS }

var errFails = errors.New("the store fails, says the scenario")

// ask writes a call, and waits for its answer, whatever becomes of its context.
func (s *store) ask(kind, line string) (scripted, error) {
	a := &asked{kind, make(chan scripted, 1)}
	s.mu.Lock()
	s.waiting = append(s.waiting, a)
	if s.released {
		close(a.answer)
	}
	s.mu.Unlock()
	s.play.say("%s", strings.TrimSpace(kind+" "+line))
	answer, ok := <-a.answer
	switch {
	case !ok:
		return answer, context.Canceled
	case answer.word == "store_fails" && answer.args["unreadable"] == "1":
		return answer, fmt.Errorf("%w: says the scenario", share.ErrUnreadable)
	case answer.word == "store_fails":
		for _, trouble := range []string{words.TroubleKey, words.TroublePrincipal} {
			if answer.args[trouble] == "1" {
				return answer, &host.BeforeStoreError{Trouble: trouble, Err: errFails}
			}
		}
		return answer, errFails
	}
	return answer, nil
}

// answers are the calls that each word of a scenario answers.
var answers = map[string][]string{
	"finds": {"look"}, "gives": {"campaign"}, "keeps": {"campaign"}, "takes": {"publish", "resign"}, "refuses": {"publish"},
	"store_fails": {"look", "campaign", "publish", "resign"},
}

// answer gives the oldest call that a word answers what the scenario says.
func (s *store) answer(word string, args map[string]string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := slices.IndexFunc(s.waiting, func(a *asked) bool { return slices.Contains(answers[word], a.kind) })
	if at < 0 {
		s.play.say("no call of the store waits for %s", word)
		return
	}
	s.waiting[at].answer <- scripted{word, args}
	s.waiting = slices.Delete(s.waiting, at, at+1)
}

// release ends all calls, and those that are made later.
func (s *store) release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.released {
		return
	}
	s.released = true
	for _, a := range s.waiting {
		close(a.answer)
	}
}

// Look implements host.Group.
func (s *store) Look(context.Context, string) (host.Looked, error) {
	a, err := s.ask("look", "")
	l := host.Looked{
		Turn: number(a.args["turn"]), TurnLeft: number(a.args["turn_left"]), NoticeLeft: number(a.args["notice_left"]),
		Generation: number(a.args["generation"]), Met: len(a.args) > 0, Foreign: a.args["foreign"] == "1", ClockMS: s.clock(),
	}
	class, count, _ := strings.Cut(a.args["notice"], "*")
	l.Notice, l.SawNumber = number(class)+16*number(count), l.Turn
	if a.args["clockless"] == "1" {
		l.ClockMS = 0
	}
	if junk := a.args["junk"]; junk != "" {
		l.SawFingerprint = fingerprint(junk)
		l.Junk = &share.Junk{Generation: l.Generation, Fingerprint: l.SawFingerprint}
		l.Generation = 0
	}
	if n := a.args["set"]; n != "" {
		s.entry(&l, n, a.args)
	}
	return l, err
}

// entry makes up an entry with a set of other processes, as one that was opened.
func (s *store) entry(l *host.Looked, n string, args map[string]string) {
	set := setOf(n)
	now, life, age := s.play.now(), number(args["life"]), number(args["age"])
	l.Life, l.Left, l.Expiry = life, life-age, now.Wall-age+life
	set.Expires = time.UnixMilli(l.Expiry)
	if left := args["left"]; left != "" {
		l.Left = number(left)
	}
	if args["endless"] == "1" {
		l.Life, l.Left, l.Expiry = core.Never, core.Never, core.Never
		set.Expires, set.NoExpiry = time.Time{}, true
	}
	if l.ClockMS == 0 {
		l.Left = core.Never
	}
	l.Set, l.Fingerprint, l.SawFingerprint = &set, fingerprint(n), fingerprint(n)
	if replaced := args["replaces"]; replaced != "" {
		l.Replaces = fingerprint(replaced)
	}
}

// Campaign implements host.Group.
func (s *store) Campaign(_ context.Context, c share.Campaign) (share.Turn, error) {
	line := fmt.Sprintf("seen=%d saw=%d", c.Seen, c.SawNumber)
	if c.SawFingerprint != 0 {
		line += " over=" + s.play.set(c.SawFingerprint)
	}
	a, err := s.ask("campaign", line+" for="+ms(c.Length.Milliseconds()))
	t := share.Turn{
		Won: a.word == "gives", Number: number(a.args["turn"]), Left: time.Duration(number(a.args["left"])) * time.Millisecond, ClockMS: s.clock(),
	}
	if a.args["clockless"] == "1" {
		t.ClockMS = 0
	}
	return t, err
}

// Publish implements host.Group.
func (s *store) Publish(_ context.Context, p host.Publication) (share.Published, error) {
	line := fmt.Sprintf("%s generation=%d life=%s", p.Set.AccessKeyID[len("key-"):], p.Number, ms(p.Life))
	if p.Ends != 0 {
		line += " left=" + ms(p.Ends-s.clock())
	}
	if p.Replaces != 0 {
		line += " replaces=" + s.play.set(p.Replaces)
	}
	if p.Junk != nil {
		line += " junk=" + s.play.set(p.Junk.Fingerprint)
	}
	a, err := s.ask("publish", line)
	return share.Published{Stored: a.word == "takes", ClockMS: s.clock()}, err
}

// Resign implements host.Group.
func (s *store) Resign(_ context.Context, r host.Resignation) error {
	line := fmt.Sprintf("turn=%d", r.Number)
	if r.Notice != 0 {
		line += fmt.Sprintf(" notice=%d*%d for=%s", r.Notice%16, r.Notice/16, ms(r.Span))
	}
	_, err := s.ask("resign", line)
	return err
}

func ms(span int64) string {
	if span >= core.Never {
		return "never"
	}
	return strconv.FormatInt(span, 10)
}

func setOf(n string) sources.Credentials {
	k := keys(n)
	return sources.Credentials{AccessKeyID: k.AccessKeyID, SecretAccessKey: k.SecretAccessKey, SessionToken: k.SessionToken}
}

func fingerprint(n string) uint64 { return sources.Fingerprint(setOf(n)) }

// set is the number of the set with this fingerprint.
func (p *play) set(of uint64) string {
	for n := -100; n <= 100; n++ {
		if text := strconv.Itoa(n); fingerprint(text) == of {
			return text
		}
	}
	return "unknown"
}
