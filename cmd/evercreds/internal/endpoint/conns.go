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
	active  int
}

func newConnections(limit int) *connections {
	return &connections{limit: limit, waiting: list.New(), at: map[net.Conn]*list.Element{}}
}

// state is the hook of http.Server.
func (c *connections) state(conn net.Conn, state http.ConnState) {
	c.mu.Lock()
	var surplus net.Conn
	if e, ok := c.at[conn]; ok {
		c.waiting.Remove(e)
		delete(c.at, conn)
	} else if state != http.StateNew {
		c.active--
	}
	switch state {
	case http.StateNew, http.StateIdle:
		c.at[conn] = c.waiting.PushBack(conn)
		if c.waiting.Len()+c.active > c.limit {
			// A moment's newcomer is spared: it has not had a chance to speak.
			surplus, _ = c.waiting.Front().Value.(net.Conn)
		}
	case http.StateActive:
		c.active++
	}
	c.mu.Unlock()
	if surplus != nil {
		_ = surplus.Close()
	}
}

// count is the number of connections now.
func (c *connections) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.waiting.Len() + c.active
}
