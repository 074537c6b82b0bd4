//go:build go1.25

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// hotPrograms measure a call inside a lease: of a session that does not share, of one that
// does, and of one whose store hangs meanwhile, in turns.
var hotPrograms = []struct {
	name string
	argv []string
}{
	{"python", []string{"build/venv/bin/python", "bench/python/share_hot.py"}},
	{"node", []string{"node", "--expose-gc", "--require", "./tools/run/node-resolve.cjs", "bench/node/share-hot.mjs"}},
	{"go", []string{"go", "run", "-C", "bench/go", ".", "share-hot"}},
}

// hotRatio is the bound of the median of the rounds' ratios. A round has the processor's
// time of each contender, so that what else the machine does is in none of them.
const hotRatio = 1.05

// hotPath has the ratio of what fresh credentials cost with a store and without one.
func (l *lab) hotPath(ctx context.Context, v *verdict) error {
	for _, p := range hotPrograms {
		said, err := l.run(ctx, p.argv...)
		if err != nil {
			return err
		}
		rounds := map[string][]float64{}
		for text := range strings.SplitSeq(strings.TrimSpace(said), "\n") {
			var line struct {
				Name   string
				Rounds []float64
			}
			if json.Unmarshal([]byte(text), &line) == nil && line.Rounds != nil {
				rounds[line.Name] = line.Rounds
			}
		}
		off := rounds["off"]
		if len(off) == 0 || len(rounds["on"]) != len(off) || len(rounds["hung"]) != len(off) {
			return fmt.Errorf("hot path, %s: no rounds in %q", p.name, said)
		}
		for _, state := range []string{"on", "hung"} {
			ratios := make([]float64, len(off))
			for i := range off {
				ratios[i] = rounds[state][i] / off[i]
			}
			slices.Sort(ratios)
			v.most(fmt.Sprintf("hot path, %s, store %s: to a session alone", p.name, state), ratios[len(ratios)/2], hotRatio)
		}
	}
	return nil
}
