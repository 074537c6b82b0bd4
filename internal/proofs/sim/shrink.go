package sim

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/evercreds/evercreds/internal/trace"
)

// recorded keeps the choices that another makes.
type recorded struct {
	Chooser
	made []int
}

func (c *recorded) Choose(n int) int {
	v := c.Chooser.Choose(n)
	c.made = append(c.made, v)
	return v
}

// repeated makes choices that were made before, as far as they fit, and ends with
// them.
type repeated struct{ left []int }

func (c *repeated) Choose(n int) int {
	if len(c.left) == 0 {
		return 0
	}
	v := c.left[0]
	c.left = c.left[1:]
	return v % n
}

// ended tells that a chooser has no choices left.
func ended(c Chooser) bool {
	r, ok := c.(*repeated)
	return ok && len(r.left) == 0
}

// patience bounds how many smaller histories are tried.
const patience = 20_000

// Shrink takes a chooser whose history breaks a promise, and looks for a smaller
// history that breaks the same one. It gives that as a scenario for core/testdata,
// with the answers that the machine gives now, and the error.
func Shrink(c Chooser, steps int) (scenario string, broken error) {
	first := &recorded{Chooser: c}
	broken = Run(first, steps)
	if broken == nil {
		return "", fmt.Errorf("this history breaks no promise")
	}
	choices, promise, left := first.made, promiseOf(broken), patience
	told := false // there is a history that the language has words for: from then on no other will do
	breaks := func(some []int) bool {
		left--
		t := &recorder{taken: map[int]int{}, last: -1}
		err := run(&repeated{some}, steps, t)
		if err == nil || promiseOf(err) != promise || told && t.problem != "" {
			return false
		}
		told = t.problem == ""
		return true
	}
	for before := 0; len(choices) != before && left > 0; { // what is left out late makes room for more
		before = len(choices)
		for size := len(choices) / 2; size >= 1 && left > 0; size /= 2 {
			for at := 0; at+size <= len(choices) && left > 0; {
				some := append(append([]int(nil), choices[:at]...), choices[at+size:]...)
				if breaks(some) {
					choices = some
				} else {
					at += size
				}
			}
		}
	}
	return scenarioOf(choices, steps)
}

// promiseOf is the beginning of an error of Run's.
func promiseOf(err error) string {
	promise, _, _ := strings.Cut(err.Error(), ":")
	return promise
}

func scenarioOf(choices []int, steps int) (string, error) {
	t := &recorder{taken: map[int]int{}, last: -1}
	broken := run(&repeated{choices}, steps, t)
	events, err := t.scenario()
	if err != nil {
		return "", fmt.Errorf("%w\n%w", broken, err)
	}
	var out bytes.Buffer
	if err := trace.Replay(strings.NewReader(events), &out, &trace.Native{}); err != nil {
		return events, fmt.Errorf("%w\n%w", broken, err)
	}
	return out.String(), broken
}
