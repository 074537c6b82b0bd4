//go:build go1.25

package main

import (
	"io"
	"net"
	"sync"
	"time"
)

// mode is what a proxy before a store does with answers.
type mode int

const (
	passes mode = iota
	silent      // none comes
	late        // each comes after two bounds of a call
	breaks      // each breaks off in its midst
)

// proxy stands between clients and a store.
type proxy struct {
	address  string
	listener net.Listener

	lock   sync.Mutex // of what follows
	target string
	mode   mode
	open   map[net.Conn]bool
}

func newProxy(target string) (*proxy, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &proxy{address: listener.Addr().String(), listener: listener, target: target, open: map[net.Conn]bool{}}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go p.serve(conn)
		}
	}()
	return p, nil
}

func (p *proxy) set(m mode) {
	p.lock.Lock()
	defer p.lock.Unlock()
	p.mode = m
}

// to has connections go elsewhere from now on: those that there are end.
func (p *proxy) to(target string) {
	p.lock.Lock()
	defer p.lock.Unlock()
	p.target = target
	for conn := range p.open {
		_ = conn.Close()
	}
}

func (p *proxy) close() {
	_ = p.listener.Close()
	p.to("")
}

func (p *proxy) serve(client net.Conn) {
	defer client.Close()
	p.lock.Lock()
	target := p.target
	p.open[client] = true
	p.lock.Unlock()
	defer func() {
		p.lock.Lock()
		defer p.lock.Unlock()
		delete(p.open, client)
	}()
	store, err := net.Dial("tcp", target)
	if err != nil {
		return
	}
	defer store.Close()
	go func() {
		_, _ = io.Copy(store, client)
		_ = store.Close()
	}()
	for buffer := make([]byte, 64<<10); ; {
		n, err := store.Read(buffer)
		if err != nil {
			return
		}
		p.lock.Lock()
		mode := p.mode
		p.lock.Unlock()
		switch mode {
		case silent:
			continue
		case late:
			time.Sleep(500 * time.Millisecond)
		case breaks:
			_, _ = client.Write(buffer[:n/2])
			return
		}
		if _, err := client.Write(buffer[:n]); err != nil {
			return
		}
	}
}
