package hostfuncs_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/tetratelabs/wazero"

	"github.com/evercreds/evercreds"
	"github.com/evercreds/evercreds/hostfuncs"
)

// fetch is where the credentials come from: any function.
func fetch(context.Context) (evercreds.Credentials, error) {
	return evercreds.Credentials{
		AccessKeyID: "EXAMPLE", SecretAccessKey: "example", SessionToken: "example",
		Expires: time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC),
	}, nil
}

// A session that decides on the module, which has a wazero runtime of its own.
func Example() {
	ctx := context.Background()
	rt, err := hostfuncs.New(ctx, hostfuncs.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer rt.Close()
	session, err := evercreds.NewCustom(fetch, hostfuncs.WithRuntime(rt), evercreds.WithPolicy(evercreds.Adaptive))
	if err != nil {
		log.Fatal(err)
	}
	defer session.Close()

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

// A program that runs WebAssembly has a wazero runtime already: the module moves in, and
// leaves the program's own modules and the runtime alone when it is closed.
func ExampleInstantiate() {
	ctx := context.Background()
	r := wazero.NewRuntime(ctx)
	defer r.Close(ctx)

	rt, err := hostfuncs.Instantiate(ctx, r, hostfuncs.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer rt.Close()
	session, err := evercreds.NewCustom(fetch, hostfuncs.WithRuntime(rt))
	if err != nil {
		log.Fatal(err)
	}
	defer session.Close()

	if _, err := session.Retrieve(ctx); err != nil {
		log.Fatal(err)
	}
	fmt.Println(session.Status().Phase, r.Module("evercreds_host_v1").Name())
	// Output: fresh evercreds_host_v1
}
