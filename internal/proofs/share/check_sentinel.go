//go:build go1.25

package main

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/evercreds/evercreds/internal/proofs/workers"
)

// What sessions of the check are given that may be nowhere.
const (
	sentinelName       = "sentinel-session-name"
	sentinelExternalID = "sentinel-external-id"
	sentinelSerial     = "arn:aws:iam::123456789012:mfa/sentinel-device"
	sentinelSecret     = "sentinel-secret-of-the-device"
)

// sentinel searches all that a group leaves for what may be in none of it. One of its groups
// sends one-time codes.
func (l *lab) sentinel(ctx context.Context, v *verdict) error {
	said, kept := &haystack{}, &haystack{}
	l.gate.keepAnswers()
	for _, kind := range []string{"file", "redis", "dynamodb", "s3"} {
		share, err := l.stores.open(ctx, kind)
		if err != nil {
			return err
		}
		stop, err := look(ctx, share, kept)
		if err != nil {
			return err
		}
		defer stop()
		if err := l.live(ctx, v, share, said); err != nil {
			return err
		}
		if err := lookAtEnd(ctx, share, kept); err != nil {
			return err
		}
	}
	if err := kept.walk(l.dir); err != nil {
		return err
	}
	codes := l.codes()
	v.must(len(codes) > 0, "no code was sent")
	never, nowhere := l.secrets()
	found := append(said.find(never), said.findWords(codes)...)
	found = append(append(found, kept.find(never)...), append(kept.find(nowhere), kept.findWords(codes)...)...)
	for _, f := range found {
		v.must(false, "%s", f)
	}
	v.say("bytes searched %d of logs and processes, %d of stores, for %d sentinels", said.size(), kept.size(), len(never)+len(nowhere)+len(codes))
	v.must(said.size() > 0 && kept.size() > 0, "nothing was searched")
	v.none("found", len(found))
	return nil
}

// live has groups of a store get credentials, and takes what their processes say.
func (l *lab) live(ctx context.Context, v *verdict, share *workers.Share, said *haystack) error {
	groups := []*group{l.group(share, short)}
	if share.Store == "file" {
		codes := l.group(share, short)
		codes.source.Serial, codes.source.Secret = sentinelSerial, sentinelSecret
		codes.source.Timeout = 60
		groups = append(groups, codes)
	}
	for _, g := range groups {
		g.source.SessionName, g.source.ExternalID, g.source.Logs = sentinelName, sentinelExternalID, true
		g.say = func(line string) { said.add([]byte(line)) }
		if err := g.start(ctx, l.mix(min(6, l.processes))); err != nil {
			return err
		}
	}
	for _, g := range groups {
		if err := g.sees(ctx, 2); err != nil {
			return err
		}
	}
	processList(said)
	for i, g := range groups {
		if g.stop(ctx); i == 0 { // a code that was sent may keep callers waiting
			v.healthy(g)
		}
	}
	return nil
}

// look begins to take down what passes through a store.
func look(ctx context.Context, share *workers.Share, kept *haystack) (stop func(), err error) {
	switch share.Store {
	case "redis":
		return monitor(share.Where, kept)
	case "file":
		watch(ctx, share.Where, kept)
	}
	return func() {}, nil
}

// lookAtEnd takes what a store has.
func lookAtEnd(ctx context.Context, share *workers.Share, kept *haystack) error {
	switch share.Store {
	case "redis":
		_, err := (&redis{address: share.Where}).do("SAVE")
		return err
	case "dynamodb":
		return scan(ctx, share.Where, kept)
	case "s3":
		return objects(ctx, share.Where, kept)
	}
	return nil
}

// secrets are by name what may be nowhere, keys and tokens of every set among them, and what
// may not be in a store: whom it is for.
func (l *lab) secrets() (never, nowhere map[string]string) {
	never = map[string]string{
		"the external id": sentinelExternalID, "the device's secret": sentinelSecret, "the base secret key": l.standIn.Base.SecretAccessKey,
		"the base access key": l.standIn.Base.AccessKeyID,
	}
	nowhere = map[string]string{
		"the role's ARN": l.standIn.RoleARN, "the account": "123456789012", "the name of the session": sentinelName, "the serial": sentinelSerial,
	}
	l.gate.lock.Lock()
	defer l.gate.lock.Unlock()
	for i, answer := range l.gate.answers {
		for _, tag := range []string{"AccessKeyId", "SecretAccessKey", "SessionToken"} {
			if _, rest, ok := strings.Cut(answer, "<"+tag+">"); ok {
				value, _, _ := strings.Cut(rest, "<")
				never[fmt.Sprintf("%s %d", tag, i)] = value
			}
		}
	}
	return never, nowhere
}

// codes are the one-time codes that were sent.
func (l *lab) codes() (codes []string) {
	l.gate.lock.Lock()
	defer l.gate.lock.Unlock()
	for sent := range l.gate.codes {
		codes = append(codes, sent[strings.LastIndex(sent, " ")+1:])
	}
	return codes
}

// walk takes all files below a directory, and their names.
func (h *haystack) walk(dir string) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !d.Type().IsRegular() {
			return nil // a temporary file that is gone
		}
		b, err := os.ReadFile(path)
		h.add([]byte(path))
		h.add(b)
		return err
	})
}
