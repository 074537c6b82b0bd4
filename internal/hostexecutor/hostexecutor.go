//go:build go1.25

// Package hostexecutor plays the scenarios of docs/reference/host.md with a host in Go. It runs in a
// test, whose bubble gives virtual time; reading what the runner writes lets none pass.
package hostexecutor

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/evercreds/evercreds"
	"github.com/evercreds/evercreds/core"
	"github.com/evercreds/evercreds/internal/host"
	"github.com/evercreds/evercreds/internal/trace"
)

var isAsked = flag.Bool("host-executor", false, "play the scenarios of docs/reference/host.md that standard input has")

// IsAsked tells whether the runner of the scenarios has begun the tests.
func IsAsked() bool { return *isAsked }

// ForTheRunner skips the test unless the runner has begun it.
func ForTheRunner(t *testing.T) {
	if !IsAsked() {
		t.Skip("for ./task hosts")
	}
}

// Run plays all scenarios that the runner writes, with sessions in a place. There, fault
// has the library fail, and its sessions restored.
func Run(t *testing.T, place host.Place, fault func(*host.Host) error) {
	in := bufio.NewScanner(os.Stdin)
	for next := in.Scan(); next; {
		synctest.Test(t, func(t *testing.T) {
			p := &play{t: t, place: place, fault: fault, start: time.Now(), callers: map[string]context.CancelFunc{}}
			defer p.end()
			p.do(in.Text())
			for next = in.Scan(); next && !strings.HasPrefix(in.Text(), "open"); next = in.Scan() {
				p.do(in.Text())
			}
		})
	}
	if err := in.Err(); err != nil {
		t.Fatal(err)
	}
}

// epoch is when both clocks begin: 2026-01-01T00:00:00Z.
const epoch = 1767225600000

// play is one scenario.
type play struct {
	t      *testing.T
	place  host.Place
	fault  func(*host.Host) error
	start  time.Time
	wall   atomic.Int64 // how far the wall clock was set ahead
	source *source
	store  *store
	// session is nil where the options were refused
	session *session

	mu      sync.Mutex
	lines   []string
	callers map[string]context.CancelFunc // who wait
}

func (p *play) now() core.Now {
	elapsed := time.Since(p.start).Milliseconds()
	return core.Now{Wall: epoch + elapsed + p.wall.Load(), Elapsed: elapsed}
}

func (p *play) say(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lines = append(p.lines, fmt.Sprintf(format, args...))
}

// do plays one event, and writes the answers.
func (p *play) do(event string) {
	words := strings.Fields(event)
	args := map[string]string{}
	for _, w := range words[1:] {
		name, value, _ := strings.Cut(w, "=")
		args[name] = value
	}
	p.event(words, args)
	synctest.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	for who := range p.callers {
		p.lines = append(p.lines, who+" waits")
	}
	_, _ = io.WriteString(os.Stdout, strings.Join(append(p.lines, "", ""), "\n"))
	p.lines = nil
}

func (p *play) event(words []string, args map[string]string) {
	first := ""
	if len(words) > 1 {
		first = words[1]
	}
	switch words[0] {
	case "open":
		p.open(words[1:])
	case "clock":
		time.Sleep(time.Duration(number(first)) * time.Millisecond)
	case "wall":
		p.wall.Add(number(first))
	case "ask":
		minTTL := time.Duration(number(args["min_ttl"])) * time.Millisecond
		var refused *aws.Credentials
		if args["other"] != "" {
			refused = keys(args["other"])
		}
		p.call(first, func(ctx context.Context) (aws.Credentials, error) {
			return p.session.ask(ctx, minTTL, refused, core.Evidence(number(args["evidence"])))
		})
	case "refresh":
		p.call(first, p.session.Refresh)
	case "give_up":
		p.mu.Lock()
		defer p.mu.Unlock()
		if leave := p.callers[first]; leave != nil {
			leave()
		}
	case "invalidate":
		p.session.Invalidate(*keys(first))
	case "status":
		p.status(words[1:])
	case "fault":
		if err := p.fault(p.session.host); err != nil {
			p.t.Error(err)
		}
	case "finds", "gives", "keeps", "takes", "refuses", "store_fails":
		p.store.answer(words[0], args)
	case "hints":
		p.session.host.Hint()
	case "close":
		go p.session.Close() // which waits for the source, and so lets time pass
	default:
		p.source.tell(int(number(first)), p.step(words[0], args))
	}
}

func number(text string) int64 {
	n, _ := strconv.ParseInt(text, 10, 64)
	return n
}

// keys are those of the set that a flight brought.
func keys(flight string) *aws.Credentials {
	return &aws.Credentials{AccessKeyID: "key-" + flight, SecretAccessKey: "secret", SessionToken: "token-" + flight}
}

func (p *play) open(given []string) {
	p.source, p.store = &source{play: p, method: core.MethodCustom}, &store{play: p}
	var options []host.Setting
	for _, g := range given {
		name, text, _ := strings.Cut(g, "=")
		value, err := strconv.ParseFloat(text, 64)
		if err != nil {
			p.t.Error(err)
		}
		switch name {
		case "method":
			p.source.method = core.Method(value)
			continue
		case "attended":
			p.source.attended = value == 1
		}
		options = append(options, host.Setting{Option: core.Option(slices.Index(trace.Options, name) + 1), Value: value})
	}
	var err error
	p.session, err = p.openSession(options)
	if bad := (*evercreds.ParameterError)(nil); errors.As(err, &bad) {
		p.say("refused %s", bad.Parameter)
	} else if err != nil {
		p.t.Error(err)
	}
}

// call lets a caller ask, and writes the outcome.
func (p *play) call(who string, ask func(context.Context) (aws.Credentials, error)) {
	ctx, cancel := context.WithCancel(context.Background())
	p.mu.Lock()
	p.callers[who] = cancel
	p.mu.Unlock()
	go func() {
		defer cancel()
		creds, err := ask(ctx)
		p.say("%s", p.outcome(who, creds, err))
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.callers, who)
	}()
}

// outcome is what a caller gets.
func (p *play) outcome(who string, creds aws.Credentials, err error) string {
	var bad *evercreds.ParameterError
	var failed *evercreds.Error
	switch {
	case errors.As(err, &bad):
		return "refused min_ttl"
	case err == nil && creds.CanExpire:
		return fmt.Sprintf("%s gets %s left=%d", who, creds.AccessKeyID[len("key-"):], creds.Expires.UnixMilli()-p.now().Wall)
	case err == nil:
		return fmt.Sprintf("%s gets %s left=never", who, creds.AccessKeyID[len("key-"):])
	case !errors.As(err, &failed):
		return who + " gave up"
	}
	text := who + " fails " + reason(failed)
	if failed.Code != evercreds.CodeClosed && failed.Code != evercreds.CodeMinTTL && failed.Code != evercreds.CodeReentrant {
		text += " " + failed.Class.String()
	}
	if pause := failed.RetryAt.UnixMilli() - p.now().Wall; pause > 0 {
		text += fmt.Sprintf(" retry=%d", pause)
	}
	return text
}

func reason(e *evercreds.Error) string { return host.Reason(core.Code(e.Code)).Name }

// end ends everything that the scenario has started.
func (p *play) end() {
	if p.session == nil {
		return
	}
	p.source.release()
	p.store.release()
	p.session.Close()
}
