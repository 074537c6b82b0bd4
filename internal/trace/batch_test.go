package trace

import (
	"io"
	"strings"
	"testing"
)

func replayNative(in io.Reader, out io.Writer) error { return Replay(in, out, &Native{}) }

// Each scenario of a batch begins anew: with its clocks, and without a session.
func TestABatchIsScenariosByThemselves(t *testing.T) {
	one := "# first\n+1h clock\nopen seed=1\nask\n"
	two := "clock\ncache new lru 2\n"
	var batch, alone strings.Builder
	for _, s := range []string{one, two, one} {
		if err := replayNative(strings.NewReader(s), &alone); err != nil {
			t.Fatal(err)
		}
		alone.WriteString(End + "\n")
	}
	in := strings.Join([]string{one, two, one, ""}, End+"\n")
	if err := Batch(strings.NewReader(in), &batch, replayNative); err != nil {
		t.Fatal(err)
	}
	if batch.String() != alone.String() {
		t.Errorf("got\n%s\nwant\n%s", batch.String(), alone.String())
	}
	err := Batch(strings.NewReader(one+End+"\nask\n"+End+"\n"), io.Discard, replayNative)
	if err == nil || !strings.Contains(err.Error(), "line 1: there is no session") {
		t.Errorf("a session of the scenario before: %v", err)
	}
}
