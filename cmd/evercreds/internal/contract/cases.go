package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/evercreds/evercreds/internal/awstest"
)

// testCase is a row of the table.
type testCase struct {
	name     string
	short    bool
	lifetime time.Duration
	flags    []string // of serve
	no       bool     // no server: the case does without, or starts it
	play     func(p *place, clients []client) []string
}

func (c testCase) run(evercreds string, clients []client) []string {
	p, err := newPlace(evercreds, c.lifetime)
	if err != nil {
		return []string{err.Error()}
	}
	defer p.close()
	if !c.no {
		if err := p.serve(c.flags...); err != nil {
			return []string{err.Error()}
		}
	}
	troubles := c.play(p, clients)
	if n := p.aws.Counts().Errors["ExpiredToken"]; n > 0 {
		troubles = append(troubles, fmt.Sprintf("%d calls were signed with an expired set", n))
	}
	return troubles
}

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
			if c.took > limit {
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

var cases = []testCase{
	{name: "the token is in a variable", short: true, play: func(p *place, cs []client) []string {
		return all(p, cs, p.endpoint("app", p.token("app")), 0, good)
	}},
	{name: "the token is in a file", short: true, play: func(p *place, cs []client) []string {
		return all(p, cs, p.endpointFile("app"), 0, good)
	}},
	{name: "a wrong token", short: true, play: func(p *place, cs []client) []string {
		return all(p, cs, p.endpoint("app", strings.Repeat("0", 64)), 0, bad())
	}},
	{name: "another role's token", play: func(p *place, cs []client) []string {
		return all(p, cs, p.endpoint("app", p.token("other")), 0, bad())
	}},
	{name: "several refreshes", short: true, lifetime: 6 * time.Second, play: func(p *place, cs []client) []string {
		return append(all(p, cs, p.endpointFile("app"), 10*time.Second, good), sets(p, 3)...)
	}},
	// Groups that share try again up to a minute after a failure, which sets that live for
	// seconds do not outlast.
	{name: "an outage of a third of a life, which begins at half of it", short: true, lifetime: 24 * time.Second, flags: []string{"--no-share"}, play: func(p *place, cs []client) []string {
		found := inject(p, awstest.Fault{Kind: awstest.KindHTTP, Role: roleARN, RemainingMinMs: ms(4 * time.Second), RemainingMaxMs: ms(12 * time.Second)})
		return append(append(found, all(p, cs, p.endpointFile("app"), 26*time.Second, good)...), sets(p, 2)...)
	}},
	{name: "an outage that outlives the set: errors, and never an expired set", lifetime: 8 * time.Second, play: outlives},
	{name: "after such an outage: no call fails from the first good one on", lifetime: 8 * time.Second, play: recovers},
	{name: "a source that takes 20 s", lifetime: 30 * time.Second, play: func(p *place, cs []client) []string {
		if found := all(p, cs, p.endpointFile("app"), 0, good); found != nil {
			return found
		}
		found := inject(p, awstest.Fault{Kind: awstest.KindLatency, Role: roleARN, LatencyMs: 20_000, Count: 1})
		return append(found, all(p, cs, p.endpointFile("app"), 20*time.Second, quick(5*time.Second))...)
	}},
	{name: "a source that is throttled", lifetime: 10 * time.Second, play: func(p *place, cs []client) []string {
		found := inject(p, awstest.Fault{Kind: awstest.KindThrottling, Role: roleARN, RemainingMinMs: ms(3 * time.Second), RemainingMaxMs: ms(5 * time.Second)})
		return append(append(found, all(p, cs, p.endpointFile("app"), 14*time.Second, good)...), sets(p, 2)...)
	}},
	{name: "nothing is held, and the source is down", short: true, no: true, play: func(p *place, cs []client) []string {
		found := inject(p, awstest.Fault{Kind: awstest.KindHTTP, Role: roleARN})
		if err := p.serve(); err != nil {
			return []string{err.Error()}
		}
		return append(found, all(p, cs, p.endpointFile("app"), 0, bad("503", "ServiceUnavailable", "NotReady", "Unavailable", "credentials"))...)
	}},
	// The chain of the SDK for JavaScript shows no cause, whatever it was.
	{name: "the role denies: AWS's code reaches clients that show it", short: true, no: true, play: func(p *place, cs []client) []string {
		found := inject(p, awstest.Fault{Kind: awstest.KindAccessDenied, Role: roleARN})
		if err := p.serve(); err != nil {
			return []string{err.Error()}
		}
		return append(found, all(p, cs, p.endpointFile("app"), 0, bad("AccessDenied", "denied the role", "CredentialsProviderError"))...)
	}},
	{name: "the token is replaced while clients run", lifetime: 10 * time.Second, play: replaced},
	{name: "restarts under load", lifetime: 10 * time.Second, play: restarted},
	{name: "run: other keys in the environment, in [default] and in ~/.boto", short: true, no: true, play: outranked},
	{name: "IMDSv2", short: true, flags: []string{"--imds", "app"}, play: func(p *place, cs []client) []string {
		env := p.base("AWS_EC2_METADATA_SERVICE_ENDPOINT=http://" + p.listener.Addr().String() + "/")
		return all(p, cs, env, 0, good)
	}},
}

func ms(d time.Duration) int64 { return d.Milliseconds() }

// outlives has the source down until all sets are gone, and then for a while.
func outlives(p *place, cs []client) []string {
	if found := all(p, cs, p.endpointFile("app"), 0, good); found != nil {
		return found
	}
	found := inject(p, awstest.Fault{Kind: awstest.KindHTTP, Role: roleARN})
	return append(found, all(p, cs, p.endpointFile("app"), 14*time.Second, func(name string, calls []call) []string {
		failed := false
		for _, c := range calls {
			if failed && c.ok {
				return []string{name + ": a call succeeded after the set's end"}
			}
			failed = failed || !c.ok
		}
		if !failed {
			return []string{name + ": no call failed"}
		}
		return nil
	})...)
}

// recovers has the source come back while clients fail.
func recovers(p *place, cs []client) []string {
	if found := all(p, cs, p.endpointFile("app"), 0, good); found != nil {
		return found
	}
	found := inject(p, awstest.Fault{Kind: awstest.KindHTTP, Role: roleARN})
	back := time.AfterFunc(12*time.Second, p.aws.ClearFaults)
	defer back.Stop()
	return append(found, all(p, cs, p.endpointFile("app"), 30*time.Second, func(name string, calls []call) []string {
		state := "held"
		for _, c := range calls {
			switch {
			case state == "held" && !c.ok:
				state = "down"
			case state == "down" && c.ok:
				state = "back"
			case state == "back" && !c.ok:
				return []string{name + ": a call failed after a good one: " + c.text}
			}
		}
		if state != "back" {
			return []string{fmt.Sprintf("%s: it ended as %q, after %d calls", name, state, len(calls))}
		}
		return nil
	})...)
}

// replaced starts the server with another token, which clients read from the file.
func replaced(p *place, cs []client) []string {
	old := p.token("app")
	if found := all(p, cs, p.endpointFile("app"), 0, good); found != nil {
		return found
	}
	changed := make(chan time.Time, 1)
	change := time.AfterFunc(3*time.Second, func() {
		_ = os.Remove(p.tokenFile("app"))
		p.stop()
		_ = p.serve()
		changed <- time.Now()
	})
	defer change.Stop()
	var mu sync.Mutex
	byClient := map[string][]call{}
	found := all(p, cs, p.endpointFile("app"), 15*time.Second, func(name string, calls []call) []string {
		mu.Lock()
		defer mu.Unlock()
		byClient[name] = calls
		return nil
	})
	// Between the old token's end and the new one's file nobody can have any.
	ready := (<-changed).Add(100 * time.Millisecond)
	for name, calls := range byClient {
		var after []call
		for _, c := range calls {
			if c.at.Add(-c.took).After(ready) {
				after = append(after, c)
			}
		}
		if found = append(found, good(name, after)...); len(after) == 0 {
			found = append(found, name+": it made no call with the new token")
		}
	}
	if p.token("app") == old {
		found = append(found, "the token is the old one")
	}
	return append(found, all(p, cs, p.endpoint("app", old), 0, bad())...)
}

// restarted starts the server anew, three times, while clients ask all the time.
func restarted(p *place, cs []client) []string {
	stop, done := make(chan struct{}), make(chan error, 1)
	go func() {
		for range 3 {
			select {
			case <-stop:
				done <- nil
				return
			case <-time.After(4 * time.Second):
			}
			p.stop()
			if err := p.serve(); err != nil {
				done <- err
				return
			}
		}
		done <- nil
	}()
	found := all(p, cs, p.endpointFile("app"), 15*time.Second, good)
	close(stop)
	if err := <-done; err != nil {
		found = append(found, err.Error())
	}
	return found
}

// outranked has keys of another identity in every place that SDKs look at before an
// endpoint; the worst that may happen is that they win.
func outranked(p *place, cs []client) []string {
	other := "aws_access_key_id = " + p.aws.Base.AccessKeyID + "\naws_secret_access_key = " + p.aws.Base.SecretAccessKey + "\n"
	for name, text := range map[string]string{
		".aws/config":      "[default]\nregion = us-east-1\n" + other + "[profile mine]\nregion = us-east-1\n" + other,
		".aws/credentials": "[default]\n" + other + "[mine]\n" + other,
		".boto":            "[Credentials]\n" + other,
	} {
		path := filepath.Join(p.dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return []string{err.Error()}
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			return []string{err.Error()}
		}
	}
	var found []string
	for _, env := range [][]string{
		p.base(p.keys()...), p.base(), p.base("AWS_PROFILE=mine"),
		p.base(append(p.keys(), "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI=/other", "AWS_WEB_IDENTITY_TOKEN_FILE=/x", "AWS_ROLE_ARN="+otherARN)...),
	} {
		found = append(found, all(p, cs, env, 0, good, p.evercreds, "run", "--role-arn", roleARN, "--")...)
	}
	return found
}
