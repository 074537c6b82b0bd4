package main

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/evercreds/evercreds/internal/awstest"
)

// The load: so many requests a second, by so many clients.
const (
	loadRate    = 500
	loadClients = 50
)

// load asks a server across refreshes and an outage of a third of each set's life, and a
// bare Go handler with a body of that size beside it. It reports whether the server answered
// every request, at most three times as slowly, in flat memory.
func load(evercreds string, lasts time.Duration) (bool, error) {
	p, err := newPlace(evercreds, 24*time.Second)
	if err != nil {
		return false, err
	}
	defer p.close()
	if err := p.aws.Inject(awstest.Fault{Kind: awstest.KindHTTP, Role: roleARN, RemainingMinMs: 4000, RemainingMaxMs: 12_000}); err != nil {
		return false, err
	}
	if err := p.serve(); err != nil {
		return false, err
	}
	url := fmt.Sprintf("http://%s/credentials/app", p.listener.Addr())
	ask(url, p.token("app"), loadRate, loadClients, 3*time.Second) // until all is warm
	before := p.memory()
	bareURL, stop, err := bare()
	if err != nil {
		return false, err
	}
	defer stop()
	ask(bareURL, "", loadRate, loadClients, 3*time.Second)
	var ours, theirs *result
	var both sync.WaitGroup
	both.Add(2)
	// Both at once, so that the machine's moods hit both.
	go func() { defer both.Done(); ours = ask(url, p.token("app"), loadRate, loadClients, lasts) }()
	go func() { defer both.Done(); theirs = ask(bareURL, "", loadRate, loadClients, lasts) }()
	both.Wait()
	after := p.memory()
	if ours.errors.Load() > 0 {
		fmt.Println(p.log.String())
	}
	fmt.Printf("evercreds:    %s\nbare handler: %s\n", ours, theirs)
	ratio := float64(ours.at(99)) / float64(theirs.at(99))
	fmt.Printf("command load: %d requests over %d sets, %d errors, p99 %.1f times that of a bare handler, memory %d KiB and then %d KiB\n",
		len(ours.took), len(p.aws.Counts().Roles[roleARN].Issued), ours.errors.Load(), ratio, before, after)
	return ours.errors.Load() == 0 && ratio <= 3 && after < before+16<<10, nil
}

// memory is what the server has of the machine's, in KiB; 0: this system does not tell.
func (p *place) memory() int {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.server.Process.Pid))
	if err != nil {
		return 0
	}
	_, after, _ := strings.Cut(string(text), "VmRSS:")
	n, _ := strconv.Atoi(strings.Fields(after + " 0")[0])
	return n
}

// bare starts a process of its own, as the server is one, that serves a body of the same
// size and does nothing else.
func bare() (url string, stop func(), err error) {
	self, err := os.Executable()
	if err != nil {
		return "", nil, err
	}
	cmd := exec.Command(self, "-bare")
	out, err := cmd.StdoutPipe()
	if err != nil {
		return "", nil, err
	}
	if err := cmd.Start(); err != nil {
		return "", nil, err
	}
	stop = func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }
	if _, err := fmt.Fscan(out, &url); err != nil {
		stop()
		return "", nil, err
	}
	return url, stop, nil
}

func serveBare() error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println("http://" + l.Addr().String() + "/")
	body := []byte(strings.Repeat("x", 1200))
	return http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(body) }))
}

// result is what came of the requests.
type result struct {
	took   []time.Duration // sorted
	errors atomic.Int64
}

func (r *result) at(percent int) time.Duration {
	if len(r.took) == 0 {
		return 0
	}
	return r.took[min(len(r.took)*percent/100, len(r.took)-1)]
}

func (r *result) String() string {
	return fmt.Sprintf("%d requests, %d errors, p50 %s, p99 %s, worst %s", len(r.took), r.errors.Load(), r.at(50), r.at(99), r.at(100))
}
