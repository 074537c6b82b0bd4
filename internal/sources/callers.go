package sources

import (
	"context"
	"sync"
)

// callers are the answers of GetCallerIdentity in this process, of which all sessions with
// the same base credentials need one.
var callers callerCache

// mostCallers bounds what is kept: base credentials change, and the answer is asked anew.
const mostCallers = 64

// callerCache keeps answers by the fingerprint of the credentials. Its zero value is empty.
type callerCache struct {
	mu    sync.Mutex
	known map[uint64]*callerAnswer
}

// callerAnswer is one answer, or the call for it.
type callerAnswer struct {
	done chan struct{} // closed when who and err are there
	who  string
	err  error
}

// of gives an answer, asks for it, or waits for who is asking. A failure is nobody else's.
func (c *callerCache) of(ctx context.Context, print uint64, ask func(context.Context) (string, error)) (string, error) {
	c.mu.Lock()
	a, ok := c.known[print]
	if !ok {
		a = &callerAnswer{done: make(chan struct{}), err: errPrincipal}
		if c.known == nil || len(c.known) == mostCallers {
			c.known = map[uint64]*callerAnswer{}
		}
		c.known[print] = a
	}
	c.mu.Unlock()
	if !ok {
		c.ask(ctx, print, a, ask)
		return a.who, a.err
	}
	select {
	case <-a.done:
		return a.who, a.err
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// ask makes the call. Whatever becomes of it, nobody waits for it any more then.
func (c *callerCache) ask(ctx context.Context, print uint64, a *callerAnswer, ask func(context.Context) (string, error)) {
	defer func() {
		if a.err != nil {
			c.mu.Lock()
			defer c.mu.Unlock()
			if c.known[print] == a {
				delete(c.known, print)
			}
		}
		close(a.done)
	}()
	a.who, a.err = ask(ctx)
}
