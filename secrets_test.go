package evercreds_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/evercreds/evercreds"
	"github.com/evercreds/evercreds/internal/leaks"
)

const (
	sentinelKey        = "ASIASENTINELACCESSKEY"
	sentinelSecret     = "sentinelu8Hr5Dw3q7Zkq7Zkq7Zkq7Zk4321"
	sentinelToken      = "Sentinelk4Gt7Bn1x9Wv2Jr4x9Wv2Jr4x9Wv2Jr4x9Wv2Jr4"
	sentinelBaseSecret = "baseSentinelf6Jy2Lp9m3Xcm3Xcm3Xc5678"
	sentinelBaseToken  = "BaseSentinelv1Ks8Qd5p8Yhp8Yhp8Yhp8Yhp8Yhp8Yh"
	sentinelExternalID = "SENTINEL-external-id-of-a-few"
	sentinelCode       = "918273"
	sentinelSetting    = "SENTINEL-among-settings"
)

// sentinels are what no text and no error may have a piece of. An access key's id
// is no secret, and what evercreds prints has none of its sets' all the same.
var sentinels = leaks.Secrets{
	"access key": sentinelKey, "secret key": sentinelSecret, "session token": sentinelToken,
	"base secret key": sentinelBaseSecret, "base token": sentinelBaseToken,
	"external id": sentinelExternalID, "one-time code": sentinelCode, "setting": sentinelSetting,
}

// witness keeps all that a session shows to anybody, in all the ways that there are.
type witness struct {
	t *testing.T
	// listeners and log handlers look it up while a test adds secrets
	finder atomic.Pointer[leaks.Finder]
	text   buffer
}

func newWitness(t *testing.T, secrets leaks.Secrets) *witness {
	w := &witness{t: t}
	w.finder.Store(leaks.Find(secrets))
	return w
}

// options have a session log in text and in JSON, at the lowest level, and tell
// its events.
func (w *witness) options() []evercreds.Option {
	all := &slog.HandlerOptions{Level: slog.LevelDebug, AddSource: true}
	log := slog.New(lines{w, slog.NewTextHandler(&w.text, all), slog.NewJSONHandler(&w.text, all)})
	return []evercreds.Option{evercreds.WithLogger(log), evercreds.WithEvents(func(e evercreds.Event) {
		w.show(e)
		w.reach(e)
	})}
}

// lines is a handler that shows each line in text and in JSON, and looks at what else
// hangs on it.
type lines struct {
	w          *witness
	text, json slog.Handler
}

func (lines) Enabled(context.Context, slog.Level) bool { return true }

func (l lines) Handle(ctx context.Context, r slog.Record) error {
	l.w.reach(r)
	r.Attrs(func(a slog.Attr) bool { l.w.reach(a.Value.Any()); return true })
	return errors.Join(l.text.Handle(ctx, r.Clone()), l.json.Handle(ctx, r.Clone()))
}

func (l lines) WithAttrs(attrs []slog.Attr) slog.Handler {
	return lines{l.w, l.text.WithAttrs(attrs), l.json.WithAttrs(attrs)}
}

func (l lines) WithGroup(name string) slog.Handler {
	return lines{l.w, l.text.WithGroup(name), l.json.WithGroup(name)}
}

func (w *witness) show(values ...any) {
	for _, v := range values {
		_, _ = w.text.Write([]byte(leaks.Shown(v)))
	}
}

// reach checks that no secret can be reached from a value, in fields of fields.
func (w *witness) reach(v any) {
	for _, path := range w.finder.Load().Reached(v) {
		w.t.Errorf("%T%s", v, path)
	}
}

// failure takes an error that there must be.
func (w *witness) failure(err error) {
	w.t.Helper()
	if err == nil {
		w.t.Error("no error")
		return
	}
	w.show(err)
	w.reach(err)
}

// session shows what a session tells of itself.
func (w *witness) session(s *evercreds.Session) {
	w.show(s, s.Status(), s.Cache(evercreds.LRU), s.Cache(evercreds.LFU), s.Machine())
	w.reach(s.Status())
	w.core(s)
}

// core checks that the machine has no secret, nor has what it writes down.
func (w *witness) core(s *evercreds.Session) {
	w.reach(s.Machine())
	for _, told := range w.finder.Load().In(s.Machine().AppendSnapshot(nil)) {
		w.t.Errorf("in the snapshot: %s", told)
	}
}

// holdsOnly checks that of all that a session keeps only these fields have secrets:
// every one of them, and none where there are none to be named. The source is not
// looked at: it is who makes the calls.
func (w *witness) holdsOnly(s *evercreds.Session, fields ...string) {
	w.t.Helper()
	met := map[string]bool{}
	var paths []string
	s.Still(func() {
		paths = w.finder.Load().Reached(s, ".clients", ".hook", ".log", ".host.Config.Source", ".host.timer", ".host.running")
	})
	for _, path := range paths {
		field, _, _ := strings.Cut(strings.TrimPrefix(path, ".host."), ".")
		met[strings.TrimRight(field, "[]")] = true
	}
	for _, field := range fields {
		if !met[field] {
			w.t.Errorf("the walk found no secret in %s", field)
		}
		delete(met, field)
	}
	if len(met) > 0 {
		w.t.Errorf("secrets in %v too", met)
	}
}

// verdict looks through all that was shown. It must tell of what went on, in these
// words.
func (w *witness) verdict(words ...string) {
	w.t.Helper()
	text := w.text.String()
	for _, line := range strings.Split(text, "\n") {
		if told := w.finder.Load().In([]byte(line)); len(told) > 0 {
			w.t.Errorf("shown: %v, in: %.400s", told, line)
			break
		}
	}
	for _, word := range words {
		if !strings.Contains(text, word) {
			w.t.Errorf("nothing tells of %q", word)
		}
	}
}

// The tests with a witness say no more than the witness notices. A function's own
// words are its own: they are told, unless a set that it returned is in them.
func TestTheWitnessNoticesSecrets(t *testing.T) {
	w := newWitness(t, sentinels)
	said := errors.New("the key is " + sentinelSecret)
	s, err := evercreds.NewCustom(func(context.Context) (evercreds.Credentials, error) { return evercreds.Credentials{}, said },
		evercreds.WithLogger(slog.New(slog.NewTextHandler(&w.text, nil))), evercreds.WithMaxWait(0))
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Retrieve(t.Context())
	s.Close()
	if logged := w.finder.Load().In([]byte(w.text.String())); len(logged) == 0 {
		t.Error("not noticed in the log")
	}
	if shown := w.finder.Load().In([]byte(leaks.Shown(err))); len(shown) == 0 {
		t.Error("not noticed in the error")
	}
	if reached := w.finder.Load().Reached(err); len(reached) == 0 {
		t.Error("not reached in the error")
	}
	if kept := w.finder.Load().Reached(s, ".source", ".clients", ".timer"); len(kept) == 0 {
		t.Error("not reached in the session, which keeps the error")
	}
}

// buffer is a log that may be written from several goroutines.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}
