package main

import (
	"bufio"
	"fmt"
	"io"
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
//
// beside is another program to ask in the same run, or "": it prints a URL, a header, its
// value, and a URL that tells what it asked of its own source.
func load(evercreds, beside string, lasts time.Duration) (bool, error) {
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
	own := target{fmt.Sprintf("http://%s/credentials/app", p.listener.Addr()), "Authorization", p.token("app")}
	ask(own, loadRate, loadClients, 3*time.Second) // until all is warm
	before := p.memory()
	self, err := os.Executable()
	if err != nil {
		return false, err
	}
	handler, _, stop, err := begin(self, "-bare")
	if err != nil {
		return false, err
	}
	defer stop()
	ask(handler, loadRate, loadClients, 3*time.Second)
	others := map[string]target{"bare handler": handler}
	counts := ""
	if beside != "" {
		other, tells, stop, err := begin(beside)
		if err != nil {
			return false, err
		}
		defer stop()
		others["beside"], counts = other, tells
	}
	ours, results := askAll(own, others, lasts)
	theirs := results["bare handler"]
	after := p.memory()
	if ours.errors.Load() > 0 {
		fmt.Println(p.log.String())
	}
	fmt.Printf("evercreds: %s\n", ours)
	for name, r := range results {
		fmt.Printf("%s: %s\n", name, r)
	}
	if counts != "" {
		fmt.Printf("beside: %s\n", fetch(counts))
	}
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

// askAll asks all at once, so that the machine's moods hit all.
func askAll(own target, others map[string]target, lasts time.Duration) (ours *result, theirs map[string]*result) {
	theirs = map[string]*result{}
	var mu sync.Mutex
	var done sync.WaitGroup
	for name, to := range others {
		done.Add(1)
		go func() {
			defer done.Done()
			r := ask(to, loadRate, loadClients, lasts)
			mu.Lock()
			defer mu.Unlock()
			theirs[name] = r
		}()
	}
	ours = ask(own, loadRate, loadClients, lasts)
	done.Wait()
	return ours, theirs
}

// begin starts a program that serves, as a process of its own, and reads where it does so.
func begin(program string, args ...string) (to target, counts string, stop func(), err error) {
	cmd := exec.Command(program, args...)
	in, err := cmd.StdinPipe() // it ends with this
	if err != nil {
		return to, "", nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return to, "", nil, err
	}
	if err := cmd.Start(); err != nil {
		return to, "", nil, err
	}
	stop = func() { _ = in.Close(); _ = cmd.Process.Kill(); _ = cmd.Wait() }
	line, err := bufio.NewReader(out).ReadString('\n')
	if words := strings.Fields(line); err == nil && len(words) > 0 {
		words = append(words, "", "", "")
		return target{words[0], words[1], words[2]}, words[3], stop, nil
	}
	stop()
	return to, "", nil, fmt.Errorf("%s did not start: %w", program, err)
}

func fetch(url string) string {
	reply, err := http.Get(url)
	if err != nil {
		return err.Error()
	}
	defer reply.Body.Close()
	text, _ := io.ReadAll(reply.Body)
	return string(text)
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
