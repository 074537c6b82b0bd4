package stacks

import (
	"strings"
	"testing"
)

const stack = "goroutine 7 [select]:\n" +
	"example.com/http.(*persistConn).readLoop(0xc0001)\n" +
	"\t/home/evercreds.(*Session)/evercreds/mqtt.d/transport.go:12 +0x1b\n" +
	"created by example.com/pool.Start in goroutine 1\n" +
	"\t/home/evercreds/pool.go:7 +0x2"

func TestFilesDoNotCount(t *testing.T) {
	for _, c := range []struct {
		part string
		want bool
	}{
		{"http.(*persistConn)", true},
		{"pool.Start", true}, // who started it
		{"evercreds", false},
		{"evercreds.(*Session)", false},
		{"evercreds/mqtt.", false},
	} {
		if got := runs(stack, []string{"nothing of the kind", c.part}); got != c.want {
			t.Errorf("%s: got %v", c.part, got)
		}
	}
}

func TestRunningGoroutinesAreFound(t *testing.T) {
	begun, end, ended := make(chan struct{}), make(chan struct{}), make(chan struct{})
	go waitFor(begun, end, ended)
	<-begun
	if got := Of("stacks.waitFor"); strings.Count(got, "goroutine ") < 1 {
		t.Errorf("got %q", got)
	}
	close(end)
	<-ended
	if got := Of("stacks.noSuchFunction"); got != "" {
		t.Errorf("found what does not run: %s", got)
	}
}

func waitFor(begun, end, ended chan struct{}) {
	close(begun)
	<-end
	close(ended)
}
