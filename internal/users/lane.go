package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/evercreds/evercreds/internal/awstest"
	"github.com/evercreds/evercreds/internal/programs"
)

// lifetime of every set: a program sees two refreshes in a few seconds, and a machine
// that has other things to do still hands one out before it ends.
const lifetime = 8 * time.Second

// asBefore is said of what was not run again.
const asBefore = ", as before"

// skipped is the status by which a program says that it cannot run here.
const skipped = 77

// lane is where programs run, one after the other or some at a time.
type lane struct {
	home    string // build/users
	short   bool
	standIn *awstest.Server
	moto    moto
	rows    *rows
	places  map[string]place // by language
}

// place makes a language's environments.
type place interface {
	// ready has an environment hold what its file lists and the package as published,
	// and a folder in it hold a program. stamp tells whether anything of that is new.
	ready(ctx context.Context, p program) (seat, error)
	stamp(p program) (string, error)
}

// seat is where a program runs.
type seat struct {
	dir     string   // its folder
	env     []string // what the environment adds
	version string   // of its framework
}

func newLane(_ context.Context, short bool) (*lane, error) {
	home, err := filepath.Abs("build/users")
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Join(home, "logs"), 0o755); err != nil {
		return nil, err
	}
	l := &lane{home: home, short: short, places: map[string]place{
		"python": &pythonPlace{home: filepath.Join(home, "python")},
		"node":   &nodePlace{home: filepath.Join(home, "node")},
		"go":     &goPlace{home: filepath.Join(home, "go")},
	}}
	if l.rows, err = loadRows(filepath.Join(home, "rows.json")); err != nil {
		return nil, err
	}
	l.standIn, err = awstest.Start(awstest.Config{Lifetime: lifetime})
	return l, err
}

func (l *lane) close() {
	l.moto.close()
	_ = l.standIn.Close()
}

func (l *lane) log(p program, kind string) string {
	return filepath.Join(l.home, "logs", p.language+"-"+p.name+kind+".log")
}

// play runs programs, some at a time, keeps a row of each, and tells what came of them.
func (l *lane) play(ctx context.Context, programs []program, parallel int) (ran []row) {
	turns := make(chan program)
	var working sync.WaitGroup
	var mu sync.Mutex // guards ran
	for range parallel {
		working.Add(1)
		go func() {
			defer working.Done()
			for p := range turns {
				begun := time.Now()
				r := l.one(ctx, p)
				if ctx.Err() != nil {
					continue
				}
				if err := l.rows.put(p, r); err != nil {
					r = row{State: red, Said: err.Error()}
				}
				fmt.Printf("%-7s %s (%d s): %s\n", r.State, p.id(), int(time.Since(begun).Seconds()), r.Said)
				mu.Lock()
				ran = append(ran, r)
				mu.Unlock()
			}
		}()
	}
	for _, p := range programs {
		turns <- p
	}
	close(turns)
	working.Wait()
	return ran
}

// one runs a program and says what came of it.
func (l *lane) one(ctx context.Context, p program) row {
	place := l.places[p.language]
	stamp, err := place.stamp(p)
	if before, ok := l.rows.get(p); err == nil && l.short && ok && before.State == green && before.Stamp == stamp {
		before.Said = strings.TrimSuffix(before.Said, asBefore) + asBefore
		return before
	}
	r := row{State: red, Stamp: stamp, Day: time.Now().UTC().Format(time.DateOnly)}
	if err != nil {
		r.Said = err.Error()
		return r
	}
	s, err := place.ready(ctx, p)
	r.Version = s.version
	if err != nil {
		r.Said = err.Error()
		return r
	}
	r.State, r.Said = l.watch(ctx, p, s)
	return r
}

// watch runs a program behind a gate of its own. What it says of itself is not enough:
// the gate must have seen as many sets as it is to show.
func (l *lane) watch(ctx context.Context, p program, s seat) (state, said string) {
	behind := l.standIn.URL
	if p.moto {
		url, err := l.moto.start(ctx)
		if err != nil {
			return red, err.Error()
		}
		behind = url
	}
	g, err := openGate(l.standIn, behind)
	if err != nil {
		return red, err.Error()
	}
	defer g.close()
	file := l.log(p, "")
	log, err := os.Create(file)
	if err != nil {
		return red, err.Error()
	}
	defer func() { _ = log.Close() }()
	err = programs.Run(ctx, log, p.limit, s.dir, environment(append(l.aws(p, g), s.env...)...), append([]string{"nice"}, p.run...)...)
	seen, exit := g.so(), (*exec.ExitError)(nil)
	switch {
	case errors.As(err, &exit) && exit.ExitCode() == skipped:
		return skip, lastLine(file)
	case err != nil:
		return red, fmt.Sprintf("%v: %s (%s)", err, lastLine(file), file)
	case seen.Sets < p.sets:
		return red, fmt.Sprintf("it ended well, but %d sets signed its %d calls, %d were refused (%s)", seen.Sets, seen.Calls, seen.Refused, seen.last)
	}
	return green, fmt.Sprintf("%d calls signed with %d sets", seen.Calls, seen.Sets)
}

// aws is the environment by which SDKs and programs find the gate.
func (l *lane) aws(p program, g *gate) []string {
	return []string{
		"AWS_ENDPOINT_URL=" + g.url, "AWS_REGION=" + awstest.DefaultRegion, "AWS_DEFAULT_REGION=" + awstest.DefaultRegion,
		"AWS_ACCESS_KEY_ID=" + l.standIn.Base.AccessKeyID, "AWS_SECRET_ACCESS_KEY=" + l.standIn.Base.SecretAccessKey,
		"AWS_EC2_METADATA_DISABLED=true", "AWS_CONFIG_FILE=" + os.DevNull, "AWS_SHARED_CREDENTIALS_FILE=" + os.DevNull,
		"ROLE_ARN=arn:aws:iam::" + awstest.DefaultAccountID + ":role/" + p.language + "-" + p.name,
		"CONTROL=" + g.url + "/_control", "SIGNED=" + g.url + "/_signed", "NO_PROXY=127.0.0.1,localhost",
	}
}
