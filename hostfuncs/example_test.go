package hostfuncs_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/evercreds/evercreds"
	"github.com/evercreds/evercreds/core"
	"github.com/evercreds/evercreds/hostfuncs"
)

// A session on the module, with credentials by a function of the embedder's.
func Example() {
	ctx := context.Background()
	wasm, err := os.ReadFile(os.Getenv("EVERCREDS_WASM")) // build/evercreds.wasm, made by ./task build:wasm
	if err != nil {
		log.Fatal(err)
	}
	rt, err := hostfuncs.New(ctx, wasm, hostfuncs.Config{CacheDir: os.Getenv("EVERCREDS_CACHE")})
	if err != nil {
		log.Fatal(err)
	}
	defer rt.Close()
	source, err := hostfuncs.NewCustom(func(context.Context) (evercreds.Credentials, error) {
		return evercreds.Credentials{
			AccessKeyID: "EXAMPLE", SecretAccessKey: "example", SessionToken: "example",
			Expires: time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC),
		}, nil
	})
	if err != nil {
		log.Fatal(err)
	}
	session, err := rt.Open(source, hostfuncs.Option{Name: "policy", Value: "adaptive"})
	if err != nil {
		log.Fatal(err)
	}
	creds, err := session.Retrieve(ctx) // for each use: mostly a clock reading
	var failed *evercreds.Error
	if errors.As(err, &failed) {
		log.Fatal("nothing before ", failed.RetryAt)
	}
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("until", creds.Expires.UTC().Round(time.Second))
	// Output: until 2100-01-01 00:00:00 +0000 UTC
}

// A host that drives the exports itself: it keeps the credentials, the clocks and the
// flights, and the module decides.
func ExampleRuntime_Machine() {
	ctx := context.Background()
	wasm, err := os.ReadFile(os.Getenv("EVERCREDS_WASM"))
	if err != nil {
		log.Fatal(err)
	}
	rt, err := hostfuncs.New(ctx, wasm, hostfuncs.Config{CacheDir: os.Getenv("EVERCREDS_CACHE")})
	if err != nil {
		log.Fatal(err)
	}
	defer rt.Close()
	m, err := rt.Machine(ctx, flights{})
	if err != nil {
		log.Fatal(err)
	}
	now := core.Now{Wall: 1_700_000_000_000, Elapsed: 0} // milliseconds
	session, err := m.SessionNew()
	if err != nil {
		log.Fatal(err)
	}
	if _, err := m.SessionOpen(session, now, 42); err != nil { // the seed: from a random number generator
		log.Fatal(err)
	}
	asked, err := m.Ask(session, now, core.Need{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("must refresh:", asked.Kind == core.Refresh)
	now.Elapsed, now.Wall = now.Elapsed+80, now.Wall+80 // the flight took 80 ms
	hour := core.Facts{Expiry: now.Wall + 3_600_000, Fingerprint: 0x5eed}
	if _, err := m.Complete(session, asked.Ticket, now, hour); err != nil {
		log.Fatal(err)
	}
	answer, err := m.Answer(session, asked.Ticket, now, core.Need{}, false)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("served:", answer.Kind == core.Serve, "for", time.Duration(answer.LeaseElapsed-now.Elapsed)*time.Millisecond)
	// Output:
	// begin a flight
	// must refresh: true
	// served: true for 45m0s
}

// flights is what a machine calls: within the call on the machine that starts a
// flight, so that it must return at once.
type flights struct{}

func (flights) RefreshBegin(session int32, ticket int64, method, cause int32) {
	fmt.Println("begin a flight")
}

func (flights) RefreshCancel(session int32, ticket int64) {}
