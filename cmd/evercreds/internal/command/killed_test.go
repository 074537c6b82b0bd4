//go:build unix

package command

import (
	"bytes"
	"encoding/json"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/evercreds/evercreds/internal/awstest"
)

// numberOf is a number that the environment may raise, for longer runs.
func numberOf(name string, usual int) int {
	if n, err := strconv.Atoi(os.Getenv(name)); err == nil {
		return n
	}
	return usual
}

// TestTheFetcherIsKilledAndAnotherFetches: one process fetches; the others wait for it; it
// is killed; one of the others fetches, and all have its set.
func TestTheFetcherIsKilledAndAnotherFetches(t *testing.T) {
	t.Parallel()
	processes, rounds := numberOf("EVERCREDS_PROCESSES", 12), numberOf("EVERCREDS_ROUNDS", 3)
	w := newWorld(t, time.Hour)
	args := []string{"credential-process", "--role-arn", role}
	killed := 0
	for round := range rounds {
		w.good("cache", "clear")
		// The first call takes so long that its process is surely killed in it.
		if err := w.aws.Inject(awstest.Fault{Kind: awstest.KindLatency, Role: role, LatencyMs: 60_000, Count: 1}); err != nil {
			t.Fatal(err)
		}
		before := w.aws.Counts().Roles[role].Attempts
		fetcher := w.command(args...)
		if err := fetcher.Start(); err != nil {
			t.Fatal(err)
		}
		eventually(t, "it fetches", func() bool { return w.aws.Counts().Roles[role].Attempts > before })
		keys := make([]string, processes)
		var all sync.WaitGroup
		for i := range processes {
			all.Add(1)
			go func() {
				defer all.Done()
				out, errs, code := w.run(args...)
				var got struct{ AccessKeyId string } //nolint:revive // AWS's name
				if err := json.Unmarshal([]byte(out), &got); err != nil || code != 0 {
					t.Errorf("round %d: exit code %d: %s%v", round, code, errs, err)
				}
				keys[i] = got.AccessKeyId
			}()
		}
		time.Sleep(100 * time.Millisecond) // so that some of them wait for it
		_ = fetcher.Process.Kill()
		_ = fetcher.Wait()
		killed++
		all.Wait()
		for _, k := range keys {
			if k != keys[0] {
				t.Errorf("round %d: two sets: %s and %s", round, k, keys[0])
				break
			}
		}
	}
	calls := w.aws.Counts().Roles[role].Successes
	t.Logf("%d refreshes by %d processes each, %d fetchers killed: %d calls that came to something", rounds, processes, killed, calls)
	if float64(calls) > 1.02*float64(rounds) {
		t.Errorf("%d calls for %d refreshes", calls, rounds)
	}
}

// TestCachesFilesAreNeverTorn reads what processes print while others are killed at any time.
func TestCachesFilesAreNeverTorn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 8*time.Second) // so that there is much to write
	stop := make(chan struct{})
	var killers sync.WaitGroup
	for i := range 3 {
		killers.Add(1)
		go func() {
			defer killers.Done()
			for n := 0; ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				cmd := w.command("credential-process", "--role-arn", role)
				if cmd.Start() == nil {
					time.Sleep(time.Duration(10+(n*37+i*13)%90) * time.Millisecond)
					_ = cmd.Process.Kill()
					_ = cmd.Wait()
				}
			}
		}()
	}
	for range numberOf("EVERCREDS_ROUNDS", 3) * 5 {
		out, errs, code := w.run("credential-process", "--role-arn", role)
		if code != 0 || !json.Valid([]byte(out)) || bytes.Contains([]byte(errs), []byte("panic")) {
			t.Errorf("exit code %d: %s", code, errs)
		}
	}
	close(stop)
	killers.Wait()
}
