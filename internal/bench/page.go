package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

type page struct{ lab *lab }

func (p page) text() string {
	var b strings.Builder
	f, l := p.lab.figures, p.lab
	met, all := p.count()
	b.WriteString("# Benchmarks\n\n`./task bench` writes this page and its charts. " + p.extent() + "\n\n")
	fmt.Fprintf(&b, "* **Machine**: %s. Its load average was %s at the beginning and %s at the end; above the number of its cores, others used it too. The times are this machine's alone: look at the ratios.\n", machine(), l.load[0], l.load[1])
	b.WriteString("* **Method**: contenders take turns within a round, and every second round goes backwards, so that a machine whose speed drifts treats all alike. A ratio is the median of the ratios within a round. Beside each median stand the quartiles: half of the rounds are between them. Times are the processor's where the text says no other thing. No test depends on any of this.\n")
	b.WriteString("* **Floor**: what no library can go below (a reading of the clock, a dict look-up, an empty module).\n")
	fmt.Fprintf(&b, "* **Date**: %s. **Versions**: %s.\n\n", l.begun.UTC().Format("2006-01-02"), versionList(l.versions))
	b.WriteString("What some names below are: `boto3-refresh-session` is the predecessor; *eager* sessions refresh without a caller; *fresh* credentials are not due for a refresh.\n\n")
	fmt.Fprintf(&b, "## Goals\n\n%d of %d goals are met.\n\n| what | goal | this run | |\n|---|---:|---:|---|\n", met, all)
	for _, s := range sections {
		for _, g := range s.goals {
			v, ok := g.figure(f)
			if !ok {
				fmt.Fprintf(&b, "| %s | %s | not measured | |\n", g.what, g.wants(f))
				continue
			}
			verdict := "met"
			if !g.met(v) {
				verdict = "not met: " + g.reason(f)
			}
			fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", g.what, g.wants(f), g.says(f, v), verdict)
		}
	}
	for _, s := range sections {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n", s.title, s.text)
		for _, group := range s.groups {
			if f.of[group] == nil {
				continue
			}
			fmt.Fprintf(&b, "\n### %s\n\n![%s](benchmarks/%s)\n\n%s", titleOf(group), titleOf(group), fileOf(group), f.table(group))
		}
	}
	return b.String()
}

// extent says how much one run has measured.
func (p page) extent() string {
	if len(p.lab.left) == 0 {
		return "All is of one run."
	}
	return "All is of one run, which had no time for: " + strings.Join(p.lab.left, ", ") + "."
}

// titleOf writes a group's name for people.
func titleOf(group string) string {
	of, what, _ := strings.Cut(group, "-")
	if name, ok := map[string]string{
		"python-hot": "Python", "go-hot": "Go, one goroutine", "go-hot-procs": "Go, two goroutines", "node-hot": "Node",
		"python-client-threads": "Python, 100 threads", "go-client": "Go", "go-client-option": "Go, with an option",
		"python-import": "Python, import", "core-1000": "1,000 sessions", "core-100000": "100,000 sessions",
		"core-1000000": "1,000,000 sessions", "wasm": "Size",
		"python-session, ms": "Construct", "python-session, KiB": "Memory",
		"python-client, ms": "Construct, with an S3 client", "python-client, KiB": "Memory, with an S3 client",
	}[group]; ok {
		return name
	}
	language := map[string]string{"go": "Go", "python": "Python", "node": "Node"}
	if of == "python" {
		return "Python, " + strings.TrimPrefix(what, "client: ")
	}
	what, unit, _ := strings.Cut(what, ", ")
	what, elapsed, _ := strings.Cut(what, "-")
	title := language[what]
	switch {
	case elapsed != "":
		title += ", on the clock"
	case unit == "KiB":
		title += ", memory"
	case unit != "":
		title += ", idle"
	}
	return title
}

func versionList(of map[string]string) string {
	var list []string
	for _, name := range slices.Sorted(maps.Keys(of)) {
		list = append(list, name+" "+of[name])
	}
	return strings.Join(list, ", ")
}
