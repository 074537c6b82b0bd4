//go:build go1.25

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/google/go-cmp/cmp"

	"github.com/evercreds/evercreds/internal/proofs/world"
)

// ask is one request of a history: so long after the one before, and what the
// source does if it is called for it.
type ask struct {
	AfterMs    int64 `json:"after_ms"`
	Fails      bool  `json:"fails"`
	LifetimeMs int64 `json:"lifetime_ms"`
}

// answer is what a library made of it.
type answer struct {
	Served int  `json:"served"` // the number of the set; 0: an error
	Called bool `json:"called"` // the source was
}

// history is a random one, in which sets run through all their windows.
func history(seed uint64) (asks []ask) {
	rng := rand.New(rand.NewPCG(seed, 3))
	for range 40 {
		pauses := []int64{0, second, 30 * second, 2 * minute, 5*minute - 1, 5 * minute, 10 * minute, 15 * minute, 50 * minute}
		lives := []int64{15 * minute, hour, hour, 12 * hour}
		asks = append(asks, ask{pauses[rng.IntN(len(pauses))], rng.IntN(3) == 0, lives[rng.IntN(len(lives))]})
	}
	return asks
}

// model plays a history with a model of ours.
func model(t *testing.T, asks []ask, make func(*host) library) (answers []answer) {
	w := &world.World{}
	h := &host{service: &service{World: w}}
	l := make(h)
	for _, a := range asks {
		w.Run(w.Now + a.AfterMs)
		h.lifetime, h.down = a.LifetimeMs, func(int64) bool { return a.Fails }
		before, got := h.calls, answer{Served: -1}
		l.ask(func(c set, ok bool) {
			if got.Served = 0; ok {
				got.Served = int(c.id)
			}
		})
		for got.Served < 0 {
			w.Hurry() // the source takes no time in a history
		}
		got.Called = h.calls > before
		answers = append(answers, got)
	}
	return answers
}

func TestGoModel(t *testing.T) {
	for seed := range uint64(20) {
		asks := history(seed)
		synctest.Test(t, func(t *testing.T) {
			wantSame(t, seed, model(t, asks, func(h *host) library { return newCached(h, goWindow, 1) }), realGo(t, asks))
		})
	}
}

// realGo plays a history with the SDK's own cache, in a bubble whose time it takes.
func realGo(t *testing.T, asks []ask) (answers []answer) {
	sets, called := 0, false
	var now ask
	cache := aws.NewCredentialsCache(aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		called = true
		if now.Fails {
			return aws.Credentials{}, errors.New("the source is down")
		}
		sets++
		return aws.Credentials{
			AccessKeyID: fmt.Sprint(sets), SecretAccessKey: "x", SessionToken: "x", CanExpire: true,
			Expires: time.Now().Add(time.Duration(now.LifetimeMs) * time.Millisecond),
		}, nil
	}))
	for _, now = range asks {
		time.Sleep(time.Duration(now.AfterMs) * time.Millisecond)
		called = false
		c, err := cache.Retrieve(t.Context())
		got := answer{Called: called}
		if err == nil {
			_, _ = fmt.Sscan(c.AccessKeyID, &got.Served)
		}
		answers = append(answers, got)
	}
	return answers
}

func TestBotocoreModel(t *testing.T) {
	python := filepath.Join(root, "build", "venv", "bin", "python")
	others(t, "./task ready:python", func(h *host) library { return newBotocore(h, 1) }, python, "testdata/real_botocore.py")
}

func TestJSModel(t *testing.T) {
	modules := filepath.Join(root, "bindings", "node", "node_modules", "@smithy", "core")
	if _, err := os.Stat(modules); err != nil {
		t.Skip("the SDK for JavaScript is not there (./task ready:node)")
	}
	others(t, "./task ready:node", func(h *host) library { return newCached(h, jsWindow, 1) }, "node", "testdata/real_js.mjs", modules)
}

const root = "../../.."

// others compares a model with a program in which the real library plays.
func others(t *testing.T, hint string, make func(*host) library, program string, args ...string) {
	t.Helper()
	if _, err := exec.LookPath(program); err != nil {
		t.Skipf("%s is not there (%s)", filepath.Base(program), hint)
	}
	var all [][]ask
	for seed := range uint64(20) {
		all = append(all, history(seed))
	}
	text, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	run := exec.CommandContext(t.Context(), program, args...)
	run.Stdin = strings.NewReader(string(text))
	run.Stderr = os.Stderr
	out, err := run.Output()
	if err != nil {
		t.Fatal(err)
	}
	var real [][]answer
	if err := json.Unmarshal(out, &real); err != nil || len(real) != len(all) {
		t.Fatalf("%v: %s", err, out)
	}
	for i, asks := range all {
		wantSame(t, uint64(i), model(t, asks, make), real[i])
	}
}

func wantSame(t *testing.T, seed uint64, model, real []answer) {
	t.Helper()
	if diff := cmp.Diff(real, model); diff != "" {
		t.Errorf("history %d: the real library and the model:\n%s", seed, diff)
	}
}
