package main

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/evercreds/evercreds/internal/awstest"
)

// all runs every client at once, and judges the calls of each.
func all(p *place, clients []client, env []string, lasts time.Duration, judge func(name string, calls []call) []string, prefix ...string) []string {
	var mu sync.Mutex
	var done sync.WaitGroup
	var troubles []string
	for _, c := range clients {
		done.Add(1)
		go func() {
			defer done.Done()
			calls, err := c.calls(p.dir, env, lasts, prefix...)
			var found []string
			if err != nil {
				found = []string{err.Error()}
			} else if len(calls) == 0 {
				found = []string{c.name + ": it made no call"}
			} else {
				found = judge(c.name, calls)
			}
			mu.Lock()
			defer mu.Unlock()
			troubles = append(troubles, found...)
		}()
	}
	done.Wait()
	return troubles
}

// good wants every call to succeed, as the role.
func good(name string, calls []call) []string {
	var troubles []string
	for _, c := range calls {
		switch {
		case !c.ok:
			troubles = append(troubles, name+": "+c.text)
		case !strings.Contains(c.arn, "assumed-role/app/"):
			troubles = append(troubles, name+": another identity: "+c.arn)
		}
	}
	if len(troubles) > 3 {
		troubles = append(troubles[:3], fmt.Sprintf("%s: and %d more of %d", name, len(troubles)-3, len(calls)))
	}
	return troubles
}

// bad wants every call to fail, and to say one of these words.
func bad(words ...string) func(string, []call) []string {
	return func(name string, calls []call) []string {
		for _, c := range calls {
			if c.ok {
				return []string{name + ": a call succeeded, as " + c.arn}
			}
			found := len(words) == 0
			for _, w := range words {
				found = found || strings.Contains(c.text, w)
			}
			if !found {
				return []string{fmt.Sprintf("%s: none of %q in: %s", name, words, c.text)}
			}
		}
		return nil
	}
}

// quick wants every call to succeed, and none to have waited for the source.
func quick(limit time.Duration) func(string, []call) []string {
	return func(name string, calls []call) []string {
		troubles := good(name, calls)
		for _, c := range calls[1:] {
			if c.took > limit && !c.cold {
				return append(troubles, fmt.Sprintf("%s: a call took %s", name, c.took))
			}
		}
		return troubles
	}
}

func sets(p *place, least int) []string {
	if n := len(p.aws.Counts().Roles[roleARN].Issued); n < least {
		return []string{fmt.Sprintf("%d sets were issued, and not at least %d", n, least)}
	}
	return nil
}

func inject(p *place, f awstest.Fault) []string {
	if err := p.aws.Inject(f); err != nil {
		return []string{err.Error()}
	}
	return nil
}

func ms(d time.Duration) int64 { return d.Milliseconds() }
