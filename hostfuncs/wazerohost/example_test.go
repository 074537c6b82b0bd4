package wazerohost_test

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/evercreds/evercreds/core"
	"github.com/evercreds/evercreds/hostfuncs"
	"github.com/evercreds/evercreds/hostfuncs/wazerohost"
)

func Example() {
	ctx := context.Background()
	wasm, err := os.ReadFile("evercreds.wasm") // made by ./task build
	if err != nil {
		panic(err)
	}
	rt, err := wazerohost.New(ctx, wasm, wazerohost.Config{CacheDir: "/var/cache/evercreds"})
	if err != nil {
		panic(err)
	}
	defer rt.Close()
	source, err := hostfuncs.NewCustom(func(context.Context) (hostfuncs.Credentials, error) {
		return hostfuncs.Credentials{
			AccessKeyID: "EXAMPLE", SecretAccessKey: "example", SessionToken: "example",
			Expires: time.Now().Add(time.Hour),
		}, nil
	})
	if err != nil {
		panic(err)
	}
	session, err := rt.Open(source, wazerohost.Option{Option: core.OptPolicy, Value: float64(core.Adaptive)})
	if err != nil {
		panic(err)
	}
	creds, err := session.Credentials(ctx) // for each use: mostly a clock reading
	fmt.Println(creds, err)                // prints no secret
}
