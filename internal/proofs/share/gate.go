//go:build go1.25

package main

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/evercreds/evercreds/internal/awstest"
)

// A fetch is one call of AssumeRole, as the source sees it. It counts from when its
// request has arrived.
type fetch struct {
	at     time.Time
	member string // who made it
	key    string // of the set that it brought; "": it brought none
	ends   time.Time
}

// gate stands before the stand-in: it knows who calls, and can hold what comes by.
type gate struct {
	url    string
	server *http.Server
	to     string // the stand-in

	lock    sync.Mutex // of what follows
	fetches []*fetch
	byKey   map[string]*fetch
	// arrived and read are called for each fetch: before the source gets it, and when
	// its answer was written. What they wait for, the call waits for.
	arrived, read func(*fetch)
	delay         time.Duration // of each answer
	keeps         bool
	answers       []string          // of fetches, if they are kept
	refused       map[string]string // by member: the key that the service refuses him
	refusedTimes  int
	codes         map[string]int // one-time codes, and how often each was sent
}

// newGate opens the gate on a port of its own.
func newGate(standIn *awstest.Server) (*gate, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	g := &gate{url: "http://" + listener.Addr().String(), to: standIn.URL, byKey: map[string]*fetch{},
		refused: map[string]string{}, codes: map[string]int{}}
	g.server = &http.Server{Handler: g, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = g.server.Serve(listener) }()
	return g, nil
}

func (g *gate) close() { _ = g.server.Close() }

// on has the hooks of the fetches to come replaced.
func (g *gate) on(arrived, read func(*fetch)) {
	g.lock.Lock()
	defer g.lock.Unlock()
	g.arrived, g.read = arrived, read
}

var (
	app      = regexp.MustCompile(`\bapp/(m\d+)\b`)
	keyID    = regexp.MustCompile(`<AccessKeyId>([^<]+)<`)
	ending   = regexp.MustCompile(`<Expiration>([^<]+)<`)
	passed   = []string{"Authorization", "Content-Type", "X-Amz-Date", "X-Amz-Security-Token", "X-Amz-Content-Sha256", "Amz-Sdk-Invocation-Id", "Amz-Sdk-Request", "X-Amz-User-Agent", "User-Agent"}
	straight = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 256}}
)

// ServeHTTP passes a call on, under the name by which it was signed.
func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if err != nil {
		return // who called is gone
	}
	var f *fetch
	if form, err := url.ParseQuery(string(body)); err == nil && form.Get("Action") == awstest.ActionAssumeRole {
		f = g.note(r, form)
	}
	if g.refuses(r) {
		w.Header().Set("Content-Type", "text/xml")
		w.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(w, expiredToken)
		return
	}
	status, header, answer, err := g.ask(r, body)
	if err != nil {
		panic(http.ErrAbortHandler) // as the source did
	}
	if f != nil {
		g.bring(f, answer)
	}
	w.Header().Set("Content-Type", header.Get("Content-Type"))
	w.Header().Set("Content-Length", fmt.Sprint(len(answer)))
	w.Header()["Date"] = header["Date"]
	w.WriteHeader(status)
	_, _ = w.Write(answer)
	if f != nil {
		_ = http.NewResponseController(w).Flush()
		g.lock.Lock()
		read := g.read
		g.lock.Unlock()
		if read != nil && f.key != "" {
			read(f)
		}
	}
}

func (g *gate) note(r *http.Request, form url.Values) *fetch {
	f := &fetch{at: time.Now(), member: caller(r)}
	g.lock.Lock()
	if code := form.Get("TokenCode"); code != "" {
		g.codes[form.Get("SerialNumber")+" "+code]++
	}
	g.fetches = append(g.fetches, f)
	arrived, delay := g.arrived, g.delay
	g.lock.Unlock()
	if arrived != nil {
		arrived(f)
	}
	time.Sleep(delay)
	return f
}

// caller is the name of the member that makes a call.
func caller(r *http.Request) string {
	if m := app.FindStringSubmatch(r.Header.Get("User-Agent") + " " + r.Header.Get("X-Amz-User-Agent")); m != nil {
		return m[1]
	}
	return ""
}

const expiredToken = `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type>` +
	`<Code>ExpiredToken</Code><Message>The security token included in the request is expired</Message></Error>` +
	`<RequestId>00000000-0000-0000-0000-000000000000</RequestId></ErrorResponse>`

// refuse has the service refuse a member what is signed with a key.
func (g *gate) refuse(member, key string) {
	g.lock.Lock()
	defer g.lock.Unlock()
	g.refused[member] = key
}

func (g *gate) refuses(r *http.Request) bool {
	g.lock.Lock()
	defer g.lock.Unlock()
	key := g.refused[caller(r)]
	if key == "" || !strings.Contains(r.Header.Get("Authorization"), "Credential="+key+"/") {
		return false
	}
	g.refusedTimes++
	return true
}

// refusals is how often that has happened.
func (g *gate) refusals() int {
	g.lock.Lock()
	defer g.lock.Unlock()
	return g.refusedTimes
}

// keepAnswers keeps the answers to come, which have secrets.
func (g *gate) keepAnswers() {
	g.lock.Lock()
	defer g.lock.Unlock()
	g.keeps = true
}

// ask has the stand-in answer.
func (g *gate) ask(r *http.Request, body []byte) (int, http.Header, []byte, error) {
	to, err := http.NewRequest(r.Method, g.to+r.URL.RequestURI(), bytes.NewReader(body))
	if err != nil {
		return 0, nil, nil, err
	}
	to.Host = r.Host
	for _, name := range passed {
		if v, ok := r.Header[name]; ok {
			to.Header[name] = v
		}
	}
	for name, v := range r.Header {
		if strings.HasPrefix(name, "X-Amz-") {
			to.Header[name] = v
		}
	}
	reply, err := straight.Do(to)
	if err != nil {
		return 0, nil, nil, err
	}
	defer reply.Body.Close()
	answer, err := io.ReadAll(reply.Body)
	return reply.StatusCode, reply.Header, answer, err
}

// bring keeps which set a fetch brought.
func (g *gate) bring(f *fetch, answer []byte) {
	key, end := keyID.FindSubmatch(answer), ending.FindSubmatch(answer)
	if key == nil || end == nil {
		return
	}
	ends, _ := time.Parse(time.RFC3339Nano, string(end[1]))
	g.lock.Lock()
	defer g.lock.Unlock()
	if g.keeps {
		g.answers = append(g.answers, string(answer))
	}
	f.key, f.ends = string(key[1]), ends
	g.byKey[f.key] = f
}

// all gives the fetches since an instant.
func (g *gate) all(since time.Time) []*fetch {
	g.lock.Lock()
	defer g.lock.Unlock()
	var list []*fetch
	for _, f := range g.fetches {
		if !f.at.Before(since) {
			list = append(list, f)
		}
	}
	return list
}

// by finds the fetch that brought a set.
func (g *gate) by(key string) *fetch {
	g.lock.Lock()
	defer g.lock.Unlock()
	return g.byKey[key]
}

// apart is how far the refreshes of one group are from each other at least: more than
// any takeover lasts, and less than the time between two refreshes of a set.
const apart = 5 * time.Second

// rounds counts the refreshes: fetches that follow each other closely are one.
func rounds(fetches []*fetch) int {
	n := 0
	var last time.Time
	for _, f := range fetches {
		if f.at.Sub(last) > apart {
			n++
		}
		last = f.at
	}
	return n
}
