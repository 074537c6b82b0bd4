package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/evercreds/evercreds/internal/trace"
)

// parallel is how many hosts run at a time: their start is most of the work,
// and a laptop is to stay usable.
const parallel = 2

// result is what the hosts made of one scenario.
type result struct {
	name   string
	want   string
	own    bool // the scenario brings no answers: want is the first host's
	differ []difference
	err    error
}

type difference struct {
	host string
	text string // empty: the host answered as it should
}

// runScenarios replays files in hosts, prints a table, every difference and the
// closing line, and reports whether all were alike.
func runScenarios(out io.Writer, hosts []host, files []string) (bool, error) {
	results := make([]chan result, len(files))
	slots := make(chan struct{}, parallel)
	for i := range results {
		results[i] = make(chan result, 1)
	}
	go func() {
		for i, file := range files {
			slots <- struct{}{}
			go func() {
				results[i] <- replayFile(hosts, file)
				<-slots
			}()
		}
	}()
	var names []string
	for _, file := range files {
		names = append(names, scenarioName(file))
	}
	t := newTable("scenario", names, hosts)
	t.head(out)
	var done []result
	for i := range files {
		r := <-results[i]
		if r.err != nil {
			return false, r.err
		}
		done = append(done, r)
		t.row(out, r.name, r.cells())
	}
	differences := showDifferences(out, done)
	fmt.Fprintf(out, "conformance: %d scenarios, %d hosts, %d differences\n", len(files), len(hosts), differences)
	return differences == 0, nil
}

func replayFile(hosts []host, file string) result {
	r := result{name: scenarioName(file)}
	text, err := os.ReadFile(file)
	if err != nil {
		r.err = err
		return r
	}
	r.want = trace.Expected(string(text))
	r.own = !strings.Contains("\n"+r.want, "\n ")
	for i, h := range hosts {
		got, err := h.replay(string(text))
		if r.own && i == 0 && err == nil {
			r.want = got
		}
		d := difference{host: h.name}
		switch {
		case err != nil:
			d.text = err.Error() + "\n"
		case got != r.want:
			d.text = unified(r.want, got, file, h.name)
		}
		r.differ = append(r.differ, d)
	}
	return r
}

func scenarioName(file string) string { return strings.TrimSuffix(filepath.Base(file), ".trace") }

func (r *result) cells() []string {
	var cells []string
	for _, d := range r.differ {
		cells = append(cells, verdict(d.text == "", "differs"))
	}
	return cells
}

func verdict(good bool, otherwise string) string {
	if good {
		return "ok"
	}
	return otherwise
}

// showDifferences prints what is behind each "differs", and the answers of
// scenarios that brought none.
func showDifferences(out io.Writer, results []result) int {
	n := 0
	for _, r := range results {
		if r.own {
			fmt.Fprintf(out, "\n%s has no answers; those of %s:\n%s", r.name, r.differ[0].host, r.want)
		}
		for _, d := range r.differ {
			if d.text != "" {
				n++
				fmt.Fprintf(out, "\n%s in %s:\n%s", r.name, d.host, d.text)
			}
		}
	}
	fmt.Fprintln(out)
	return n
}
