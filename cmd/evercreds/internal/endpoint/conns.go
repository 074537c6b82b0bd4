package endpoint

import (
	"container/list"
	"net"
	"net/http"
	"sync"
)

// connections bounds how many there are at once. The oldest that is not being answered
// goes for a new one, so that thousands which say nothing keep nobody out.
type connections struct {
	mu      sync.Mutex
	limit   int
	waiting *list.List // of net.Conn: new or idle, the oldest first
	at      map[net.Conn]*list.Element
	active  map[net.Conn]bool
}

func newConnections(limit int) *connections {
	return &connections{limit: limit, waiting: list.New(), at: map[net.Conn]*list.Element{}, active: map[net.Conn]bool{}}
}

// state is the hook of http.Server.
func (c *connections) state(conn net.Conn, state http.ConnState) {
	if surplus := c.note(conn, state); surplus != nil {
		_ = surplus.Close()
	}
}

func (c *connections) note(conn net.Conn, state http.ConnState) (surplus net.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.drop(conn)
	switch state {
	case http.StateNew, http.StateIdle:
		c.at[conn] = c.waiting.PushBack(conn)
		if c.waiting.Len()+len(c.active) > c.limit {
			surplus, _ = c.waiting.Front().Value.(net.Conn)
			c.drop(surplus) // once, although its goroutine has yet to notice
		}
	case http.StateActive:
		c.active[conn] = true
	}
	return surplus
}

func (c *connections) drop(conn net.Conn) {
	if e, ok := c.at[conn]; ok {
		c.waiting.Remove(e)
		delete(c.at, conn)
	}
	delete(c.active, conn)
}

// count is the number of connections now.
func (c *connections) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.waiting.Len() + len(c.active)
}
