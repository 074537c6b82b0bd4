//go:build go1.25

package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/evercreds/evercreds/internal/proofs/workers"
)

// A record is what a store keeps, as one who tampers with it sees and writes it.
type record interface {
	entry() ([]byte, error)
	setEntry([]byte) error
	setField(name, value string) error
}

// tamper has entries changed in every way that there is; each time a new session meets
// them, which is to get a good set.
func (l *lab) tamper(ctx context.Context, v *verdict) error {
	share, err := l.stores.open(ctx, l.store)
	if err != nil {
		return err
	}
	g := l.group(share, life{time.Hour, 900, 600, 2, 1})
	if err := l.standIn.SetLifetime("", time.Hour); err != nil {
		return err
	}
	ways, raised, bad, longest, alone := 0, 0, 0, time.Duration(0), time.Duration(0)
	for _, language := range l.languages {
		m, err := g.add(ctx, language)
		if err != nil {
			return err
		}
		if err := l.solo(ctx, m, &alone); err != nil {
			return err
		}
		meet := func() error {
			ways++
			begun := time.Now()
			line, err := g.met(ctx, m, ways)
			if err != nil {
				raised++
				v.must(false, "%s: %v", language, err)
				return nil
			}
			longest = max(longest, time.Since(begun))
			if f := l.gate.by(line.Key); f == nil || time.Now().After(f.ends) {
				bad++
			}
			return nil
		}
		if err := meet(); err != nil { // there is an entry from here on
			return err
		}
		r, err := l.record(ctx, share)
		if err != nil {
			return err
		}
		if err := tamperings(r, language == "go", meet); err != nil {
			return err
		}
		if err := m.End(); err != nil {
			return err
		}
	}
	v.say("%d ways, %d languages, alone at most %v", ways, len(l.languages), alone)
	v.none("raised", raised)
	v.none("adopted-bad", bad)
	// every session is alone: a fetch, a wait for a forged turn, and two calls
	v.within("longest wait", longest, time.Duration((g.life.wait+0.5)*float64(time.Second))+max(2*time.Second, 4*alone))
	return nil
}

// solo has a session without a store get credentials some times, and keeps the longest.
func (l *lab) solo(ctx context.Context, m *member, longest *time.Duration) error {
	g := l.group(nil, short)
	for n := range 10 {
		begun := time.Now()
		if _, err := g.met(ctx, m, 100_000+n); err != nil {
			return err
		}
		if n > 0 { // the first one loads code
			*longest = max(*longest, time.Since(begun))
		}
	}
	return nil
}

// met has a new session get credentials, and closes it.
func (g *group) met(ctx context.Context, m *member, n int) (workers.Line, error) {
	if _, err := m.Do(ctx, workers.Order{Do: "open", Session: n, Source: g.source}); err != nil {
		return workers.Line{}, err
	}
	line, err := m.Do(ctx, workers.Order{Do: "key", Session: n})
	if err == nil {
		_, err = m.Do(ctx, workers.Order{Do: "close", Session: n})
	}
	return line, err
}

// tamperings does each in turn. The first language has every byte flipped, the others
// some of them.
func tamperings(r record, all bool, meet func() error) error {
	good, err := r.entry()
	if err != nil {
		return err
	}
	step := 37
	if all {
		step = 1
	}
	var spoilt [][]byte
	for at := 0; at < len(good); at += step {
		b := append([]byte{}, good...)
		b[at] ^= 1 << (at % 8)
		spoilt = append(spoilt, b)
	}
	spoilt = append(spoilt, nil, good[:1], good[:83], good[:len(good)-1], append(append([]byte{}, good...), 0), make([]byte, 64<<20))
	for _, b := range spoilt {
		if err := r.setEntry(b); err != nil {
			return err
		}
		if err := meet(); err != nil {
			return err
		}
	}
	for _, field := range []struct{ name, value string }{
		{"generation", "-1"}, {"generation", "4503599627370496"}, {"generation", "x"}, {"fingerprint", "0000000000000001"}, {"fingerprint", "zz"},
		{"expiry_ms", "9007199254740991"}, {"expiry_ms", "0"}, {"number", "4503599627370496"}, {"number", "-3"},
	} {
		if err := r.setField(field.name, field.value); err != nil {
			return err
		}
		if err := meet(); err != nil {
			return err
		}
	}
	// a replay: the entry of before, and then a turn that never ends
	if err := r.setEntry(good); err != nil {
		return err
	}
	if err := meet(); err != nil {
		return err
	}
	for _, f := range []struct{ name, value string }{{"owner", strings.Repeat("ab", 16)}, {"turn_ends_ms", "9007199254740000"}} {
		if err := r.setField(f.name, f.value); err != nil {
			return err
		}
	}
	if err := r.setEntry(nil); err != nil {
		return err
	}
	return meet()
}

// record finds the one record of a store, and waits for its entry: what is published is
// so in the background.
func (l *lab) record(ctx context.Context, share *workers.Share) (record, error) {
	for range 50 {
		if r, err := l.find(share); err == nil {
			if entry, err := r.entry(); err == nil && len(entry) > 84 {
				return r, nil
			}
		}
		if err := pause(ctx, 100*time.Millisecond); err != nil {
			return nil, err
		}
	}
	return nil, errors.New("nothing was published")
}

func (l *lab) find(share *workers.Share) (record, error) {
	if share.Store == "redis" {
		r := &redis{address: share.Where}
		keys, err := r.do("KEYS", "*")
		return &redisRecord{r, strings.TrimSpace(keys)}, err
	}
	found, err := filepath.Glob(filepath.Join(share.Where, "evercreds1-????????????????????????????????"))
	if err != nil || len(found) != 1 {
		return nil, fmt.Errorf("one record expected in %s, found %d (%v)", share.Where, len(found), err)
	}
	return &fileRecord{found[0]}, nil
}

type fileRecord struct{ path string }

func (f *fileRecord) read() (map[string]any, error) {
	b, err := os.ReadFile(f.path)
	if err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(strings.NewReader(string(b)))
	decoder.UseNumber()
	fields := map[string]any{}
	return fields, decoder.Decode(&fields)
}

func (f *fileRecord) write(fields map[string]any) error {
	b, err := json.Marshal(fields)
	if err != nil {
		return err
	}
	return os.WriteFile(f.path, b, 0o600)
}

func (f *fileRecord) entry() ([]byte, error) {
	fields, err := f.read()
	if err != nil {
		return nil, err
	}
	text, _ := fields["entry"].(string)
	return base64.StdEncoding.DecodeString(text)
}

func (f *fileRecord) setEntry(b []byte) error {
	fields, err := f.read()
	if err != nil {
		return err
	}
	fields["entry"] = base64.StdEncoding.EncodeToString(b)
	return f.write(fields)
}

func (f *fileRecord) setField(name, value string) error {
	fields, err := f.read()
	if err != nil {
		return err
	}
	fields[name] = value
	if _, isNumber := map[string]bool{"generation": true, "expiry_ms": true, "number": true, "turn_ends_ms": true}[name]; isNumber {
		fields[name] = json.Number(value)
	}
	if b, err := json.Marshal(fields); err == nil {
		return os.WriteFile(f.path, b, 0o600)
	}
	fields[name] = value // no number at all
	return f.write(fields)
}

type redisRecord struct {
	*redis
	key string
}

func (r *redisRecord) entry() ([]byte, error) {
	text, err := r.do("HGET", r.key, "entry")
	if err != nil {
		return nil, err
	}
	return base64.StdEncoding.DecodeString(text)
}

func (r *redisRecord) setEntry(b []byte) error {
	_, err := r.do("HSET", r.key, "entry", base64.StdEncoding.EncodeToString(b))
	return err
}

func (r *redisRecord) setField(name, value string) error {
	_, err := r.do("HSET", r.key, name, value)
	return err
}
