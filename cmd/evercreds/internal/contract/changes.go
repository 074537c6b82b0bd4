package main

import (
	"os"
	"path/filepath"
	"sync"
	"time"
)

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
	for _, c := range cs {
		var after []call
		for _, each := range byClient[c.name] {
			if each.at.Add(-each.took).After(ready) {
				after = append(after, each)
			}
		}
		switch found = append(found, good(c.name, after)...); {
		case len(after) > 0:
		case c.once: // on a busy machine it takes as long to start as all that
			found = append(found, all(p, []client{c}, p.endpointFile("app"), 0, good)...)
		default:
			found = append(found, c.name+": it made no call with the new token")
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
