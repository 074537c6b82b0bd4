//go:build go1.25

package evercreds_test

import (
	"flag"
	"testing"

	"github.com/evercreds/evercreds/internal/host"
	"github.com/evercreds/evercreds/internal/hostexecutor"
)

var play = flag.Bool("host-executor", false, "play the scenarios of docs/HOST.md that standard input has")

func TestHostExecutor(t *testing.T) {
	if !*play {
		t.Skip("for ./task hosts")
	}
	hostexecutor.Run(t, host.Place{})
}
