package evercreds

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/evercreds/evercreds/core"
	"github.com/evercreds/evercreds/internal/abi/words"
	"github.com/evercreds/evercreds/internal/foreign"
	"github.com/evercreds/evercreds/internal/host"
	"github.com/evercreds/evercreds/internal/share/group"
	"github.com/evercreds/evercreds/internal/share/sealing"
	"github.com/evercreds/evercreds/internal/sources"
	"github.com/evercreds/evercreds/share"
)

// The defaults of the machine's.
const (
	defaultShareTurn = 5 * time.Second
	defaultShareWait = 10 * time.Second
)

func shareError(parameter, expected string) error {
	return &ParameterError{Parameter: parameter, Expected: expected}
}

// join has a session share, if it is to.
func (s *settings) join(source sources.Source, config *host.Config) error {
	g, err := s.shared(source, config.Method, config.Attended)
	if err != nil || g == nil {
		return err
	}
	config.Group, config.Exclusive, config.StoreCall = g, s.share.isExclusive, g.Call
	s.share.group = g
	if codes, ok := inner(source).(coder); ok && codes.SendsCodes() {
		codes.MarkCodes(g.Mark)
	}
	return nil
}

// coder is a source that may send one-time codes.
type coder interface {
	SendsCodes() bool
	MarkCodes(mark func(ctx context.Context, serial, code string) (isNew bool, err error))
}

// inner is a source as internal/sources has it.
func inner(source sources.Source) sources.Source {
	if own, ok := source.(ownSource); ok {
		return own.Source
	}
	return source
}

// shared makes the group of a session that shares; nil: it does not.
func (s *settings) shared(source sources.Source, method core.Method, attended bool) (*group.Group, error) {
	given := &s.share
	switch {
	case !given.given && (given.keys != nil || given.fetch != nil || given.nameKey != nil || given.id != nil || given.principal != nil):
		return nil, shareError("share", "must be given by WithShare for its other options to mean something")
	case !given.given:
		return nil, nil
	case given.store == nil:
		return nil, shareError("share", "must be a Store, not nil")
	}
	figures, err := figuresOf(given.store)
	if err != nil {
		return nil, err
	}
	codes, _ := inner(source).(coder)
	sends := codes != nil && codes.SendsCodes()
	_, marks := given.store.(share.Marker)
	if (attended || sends) && !figures.IsLock || sends && !marks {
		return nil, shareError("share", "must be a store whose turn is a lock, as share.File makes, where one-time codes are sent or a person is prompted")
	}
	exclusive := attended || sends
	keys, err := given.keyring()
	if err != nil {
		return nil, err
	}
	name, asks, err := given.namer(source, method)
	if err != nil {
		return nil, err
	}
	s.configureShare(figures, exclusive, asks || given.fetch != nil)
	g := &group.Group{Store: given.store, Keys: keys, Name: name, Method: method, Call: figures.Call}
	if given.call > 0 {
		g.Call = given.call
	}
	return g, nil
}

// figuresOf asks a store, which may be a nil pointer, or panic otherwise.
func figuresOf(store share.Store) (f share.Figures, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = shareError("share", fmt.Sprintf("must be a Store whose Figures return; it panicked with a %T", p))
		}
	}()
	return share.FiguresOf(store), nil
}

// configureShare passes the options on to the machine.
func (s *settings) configureShare(f share.Figures, exclusive, asks bool) {
	kind := core.Shared
	if exclusive {
		kind = core.Exclusive
	}
	s.set(core.OptShare, float64(kind), kind)
	if !s.has(core.OptShareCall) {
		s.set(core.OptShareCall, f.Call.Seconds(), f.Call)
	}
	s.set(core.OptSharePoll, f.Poll.Seconds(), f.Poll)
	first := words.FirstLook
	if asks {
		first = words.AskedLook
	}
	bound := f.Call
	if s.share.call > 0 {
		bound = s.share.call
	}
	bound = max(bound, time.Duration(first)*time.Millisecond)
	s.set(core.OptShareFirstCall, bound.Seconds(), bound)
	s.share.isExclusive = exclusive
}

// keyring makes the keys of what the user gave, or of what the store has.
func (g *sharing) keyring() (*sealing.Keyring, error) {
	switch {
	case g.keys != nil && g.fetch != nil:
		return nil, shareError("share_key", "must be keys or a function that returns them, not both")
	case g.keys != nil:
		ring, err := sealing.NewRing(g.keys, g.nameKey)
		if err != nil {
			return nil, keyError(err)
		}
		return sealing.Fixed(ring), nil
	}
	fetch := g.fetch
	if fetch == nil {
		own, ok := g.store.(interface{ DataKey() ([]byte, error) })
		if !ok {
			return nil, shareError("share_key", "must be at least one key of 32 bytes for a store that is no share.File")
		}
		if _, err := dataKey(own.DataKey); err != nil {
			return nil, shareError("share", "must have a data key of its own: "+err.Error())
		}
		fetch = func(context.Context) ([][]byte, error) {
			key, err := dataKey(own.DataKey)
			return [][]byte{key}, err
		}
	}
	start := time.Now()
	keys, err := sealing.Fetched(fetch, g.nameKey, func() time.Duration { return time.Since(start) })
	if err != nil {
		return nil, keyError(err)
	}
	return keys, nil
}

// dataKey asks a store, which may be a nil pointer.
func dataKey(ask func() ([]byte, error)) (key []byte, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the store panicked with a %T", p)
		}
	}()
	if key, err = ask(); err != nil {
		err = foreign.Guard(err)
	}
	return key, err
}

// keyError words what is wrong with a key, which begins with the parameter's name.
func keyError(err error) error {
	name, rule, _ := strings.Cut(err.Error(), " ")
	return shareError(strings.TrimSuffix(name, ":"), rule)
}

// namer makes the store key; asks tells whether it may have to call a service.
func (g *sharing) namer(source sources.Source, method core.Method) (
	name func(context.Context, *sealing.Ring) (string, error), asks bool, err error,
) {
	keyer, named := inner(source).(sources.StoreKeyer)
	switch {
	case g.principal != nil && *g.principal == "":
		return nil, false, shareError("share_principal", "must be left out, or not be empty")
	case g.id != nil && *g.id == "":
		return nil, false, shareError("share_id", "must be left out, or not be empty")
	case g.principal != nil && method != core.MethodSTS:
		return nil, false, shareError("share_principal", "must be left out: only AssumeRole has a caller")
	case named && g.id != nil:
		return nil, false, shareError("share_id", "must be left out: the session's own parameters name its group")
	case named:
		principal := ""
		if g.principal != nil {
			principal = *g.principal
		}
		asks = method == core.MethodSTS && principal == ""
		return func(ctx context.Context, r *sealing.Ring) (string, error) { return keyer.StoreKey(ctx, r, principal) }, asks, nil
	case g.id == nil:
		return nil, false, shareError("share_id", "must be given: nothing else names the group of a source of your own")
	}
	id := *g.id
	return func(_ context.Context, r *sealing.Ring) (string, error) { return sealing.CustomStoreKey(r, id) }, false, nil
}

// warnOfShare tells what is allowed, and not wise.
func (s *Session) warnOfShare(given *sharing) {
	wait, turn := given.wait, given.turn
	if !given.waits {
		wait = defaultShareWait
	}
	if turn == 0 {
		turn = defaultShareTurn
	}
	if given.given && !given.isExclusive && wait < 2*turn {
		s.warn(words.In(words.Here, words.ShortWait))
	}
}
