//go:build go1.25

package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/evercreds/evercreds/internal/proofs/workers"
)

// sentinel searches all that a group leaves for what may be in none of it.
func (l *lab) sentinel(ctx context.Context, v *verdict) error {
	searched, found := 0, 0
	seen := &haystack{}
	for _, kind := range []string{"file", "redis", "dynamodb"} {
		share, err := l.stores.open(ctx, kind)
		if err != nil {
			return err
		}
		if kind == "redis" {
			stop, err := monitor(share.Where, seen)
			if err != nil {
				return err
			}
			defer stop()
		}
		l.gate.keepAnswers()
		g := l.group(share, short)
		g.source.SessionName = "sentinel-session-name"
		begun := time.Now()
		if err := g.start(ctx, l.mix(min(6, l.processes))); err != nil {
			return err
		}
		if kind == "file" {
			watch(ctx, share.Where, seen)
		}
		if err := g.until(ctx, begun, 2); err != nil {
			return err
		}
		processList(seen)
		if kind == "redis" {
			server := &redis{address: share.Where}
			_, _ = server.do("SAVE")
		}
		if kind == "dynamodb" {
			if err := scan(ctx, share.Where, seen); err != nil {
				return err
			}
		}
		g.stop(ctx)
		for _, m := range g.members {
			seen.add([]byte(m.Words())) // what it wrote to its standard error
		}
		v.healthy(g)
	}
	if err := filepath.WalkDir(l.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !d.Type().IsRegular() {
			return nil // a temporary file that is gone
		}
		b, err := os.ReadFile(path)
		seen.add([]byte(path))
		seen.add(b)
		return err
	}); err != nil {
		return err
	}
	secrets := l.secrets()
	for _, straw := range seen.all() {
		searched += len(straw)
		for name, secret := range secrets {
			if holds(straw, secret) {
				found++
				v.must(false, "%s was found", name)
			}
		}
	}
	v.say("bytes searched %d for %d sentinels", searched, len(secrets))
	v.must(searched > 0, "nothing was searched")
	v.none("found", found)
	return nil
}

// secrets are by name what may be nowhere: keys and tokens of every set, and whom it is for.
func (l *lab) secrets() map[string]string {
	secrets := map[string]string{
		"the role's ARN": l.standIn.RoleARN, "the account": "123456789012", "the name of the session": "sentinel-session-name",
		"the base secret key": l.standIn.Base.SecretAccessKey, "the base access key": l.standIn.Base.AccessKeyID,
	}
	l.gate.lock.Lock()
	defer l.gate.lock.Unlock()
	for i, answer := range l.gate.answers {
		for _, tag := range []string{"AccessKeyId", "SecretAccessKey", "SessionToken"} {
			if _, rest, ok := strings.Cut(answer, "<"+tag+">"); ok {
				value, _, _ := strings.Cut(rest, "<")
				secrets[fmt.Sprintf("%s %d", tag, i)] = value
			}
		}
	}
	return secrets
}

// holds looks for a secret as it is, in base64 and in hex.
func holds(straw []byte, secret string) bool {
	for _, form := range []string{secret, base64.StdEncoding.EncodeToString([]byte(secret)), hex.EncodeToString([]byte(secret))} {
		if bytes.Contains(straw, []byte(form)) {
			return true
		}
	}
	return false
}

// haystack is what is searched.
type haystack struct {
	lock  sync.Mutex
	straw [][]byte
}

func (h *haystack) add(b []byte) {
	h.lock.Lock()
	defer h.lock.Unlock()
	h.straw = append(h.straw, bytes.Clone(b))
}

func (h *haystack) all() [][]byte {
	h.lock.Lock()
	defer h.lock.Unlock()
	return h.straw
}

// monitor hears of every command that a server gets.
func monitor(address string, to *haystack) (stop func(), err error) {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	if _, err := conn.Write([]byte("MONITOR\r\n")); err != nil {
		return nil, err
	}
	go func() {
		for lines := bufio.NewReader(conn); ; {
			line, err := lines.ReadBytes('\n')
			to.add(line)
			if err != nil {
				return
			}
		}
	}()
	return func() { _ = conn.Close() }, nil
}

// watch reads every file of a directory again and again, those with passing names too.
func watch(ctx context.Context, dir string, to *haystack) {
	go func() {
		known := map[string]int64{}
		for ctx.Err() == nil {
			entries, err := os.ReadDir(dir)
			if err != nil {
				return
			}
			for _, e := range entries {
				info, err := e.Info()
				if err != nil || known[e.Name()] == info.ModTime().UnixNano() {
					continue
				}
				known[e.Name()] = info.ModTime().UnixNano()
				to.add([]byte(e.Name()))
				if b, err := os.ReadFile(filepath.Join(dir, e.Name())); err == nil {
					to.add(b)
				}
			}
			time.Sleep(2 * time.Millisecond)
		}
	}()
}

// processList reads the command lines of all processes.
func processList(to *haystack) {
	lines, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, path := range lines {
		if b, err := os.ReadFile(path); err == nil {
			to.add(b)
		}
	}
}

// scan reads a whole table.
func scan(ctx context.Context, at string, to *haystack) error {
	all, err := dynamo(ctx, at, "Scan", `{"TableName": "evercreds"}`)
	to.add(all)
	for _, word := range strings.Split(string(all), `"`) { // binary attributes
		if b, err := base64.StdEncoding.DecodeString(word); err == nil && len(b) > 16 {
			to.add(b)
		}
	}
	return err
}

// principal has two base principals and one store, two groups with keys of their own,
// and a key that is replaced in three steps.
func (l *lab) principal(ctx context.Context, v *verdict) error {
	share, err := l.stores.open(ctx, l.store)
	if err != nil {
		return err
	}
	n := max(3, l.processes/4)
	other := *share
	other.Principal = "another principal"
	foreign := *share
	foreign.Keys = []string{dataKey("a key of another group's")}
	var groups []*group
	begun := time.Now()
	for _, s := range []*workers.Share{share, &other, &foreign} {
		g := l.group(s, short)
		if err := g.start(ctx, l.mix(n)); err != nil {
			return err
		}
		groups = append(groups, g)
	}
	for _, g := range groups {
		if err := g.until(ctx, begun, l.refreshes); err != nil {
			return err
		}
	}
	met := 0
	for i, g := range groups {
		for key := range g.seen {
			for j, of := range groups {
				if _, both := of.seen[key]; both && i < j {
					met++
				}
			}
		}
		g.stop(ctx)
		v.healthy(g)
	}
	v.none("entries met", met)
	return l.rotation(ctx, v, n)
}

// rotation replaces a key while half of the processes are a step behind.
func (l *lab) rotation(ctx context.Context, v *verdict, n int) error {
	share, err := l.stores.open(ctx, l.store)
	if err != nil {
		return err
	}
	older, newer := dataKey("the older key"), dataKey("the newer key")
	steps := []workers.Share{
		{Keys: []string{older}, NameKey: older}, {Keys: []string{older, newer}, NameKey: older},
		{Keys: []string{newer, older}, NameKey: older}, {Keys: []string{newer}, NameKey: older},
	}
	for i := range steps {
		steps[i].Store, steps[i].Where = share.Store, share.Where
	}
	flapping := 0
	for i := 1; i < len(steps); i++ {
		begun := time.Now()
		behind, ahead := l.group(&steps[i-1], short), l.group(&steps[i], short)
		for _, g := range []*group{behind, ahead} {
			if err := g.start(ctx, l.mix(n)); err != nil {
				return err
			}
		}
		if err := ahead.until(ctx, begun, 2); err != nil {
			return err
		}
		fetches := l.gate.all(begun)
		v.say("step %d: %d fetches in %d refreshes", i, len(fetches), rounds(fetches))
		extra := len(fetches) - rounds(fetches)
		flapping += extra - v.letOff(extra, behind, ahead)
		for _, g := range []*group{behind, ahead} {
			g.stop(ctx)
			v.healthy(g)
		}
	}
	v.none("flapping", flapping)
	return nil
}
