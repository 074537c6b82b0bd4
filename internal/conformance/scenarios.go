//go:build go1.25

package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/evercreds/evercreds/internal/trace"
)

// parallel is how many hosts run at a time: a laptop is to stay usable.
const parallel = 2

// result is what the hosts made of one scenario.
type result struct {
	name   string
	want   string
	own    bool // the scenario brings no answers: want is the first host's
	differ []difference
}

type difference struct {
	host string
	text string // empty: the host answered as it should
}

// reply is what a host made of one scenario.
type reply struct {
	text string
	err  error
}

// runScenarios replays files in hosts, prints a table, every difference and the
// closing line, and reports whether all were alike.
func runScenarios(out io.Writer, title string, hosts []host, files []string) (bool, error) {
	var names, texts []string
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return false, err
		}
		names, texts = append(names, scenarioName(file)), append(texts, string(text))
	}
	replies := replayAll(hosts, texts)
	t := newTable("scenario", names, hosts)
	t.head(out)
	var results []result
	for i, file := range files {
		r := compareReplies(file, texts[i], hosts, replies, i)
		results = append(results, r)
		t.row(out, r.name, r.cells())
	}
	differences := showDifferences(out, results)
	fmt.Fprintf(out, "%s: %d scenarios, %d hosts, %d differences\n", title, len(files), len(hosts), differences)
	return differences == 0, nil
}

// replayAll gives the replies of each host to each scenario.
func replayAll(hosts []host, texts []string) [][]reply {
	replies := make([][]reply, len(hosts))
	slots := make(chan struct{}, parallel)
	var all sync.WaitGroup
	for i, h := range hosts {
		all.Go(func() {
			slots <- struct{}{}
			replies[i] = h.replayEach(texts)
			<-slots
		})
	}
	all.Wait()
	return replies
}

func (h host) replayEach(texts []string) []reply {
	replies := make([]reply, len(texts))
	for i, text := range texts {
		replies[i].text, replies[i].err = h.replay(text)
	}
	return replies
}

// compareReplies holds the replies to scenario i to what it expects.
func compareReplies(file, text string, hosts []host, replies [][]reply, i int) result {
	r := result{name: scenarioName(file), want: trace.Expected(text)}
	r.own = !strings.Contains("\n"+r.want, "\n ")
	if first := replies[0][i]; r.own && first.err == nil {
		r.want = first.text
	}
	for k, h := range hosts {
		d, got := difference{host: h.name}, replies[k][i]
		switch {
		case got.err != nil:
			d.text = got.err.Error() + "\n"
		case got.text != r.want:
			d.text = unified(r.want, got.text, file, h.name)
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
