package main

import (
	"fmt"
	"io"
	"strings"
)

// table prints rows as they come: a name, and a word for each host.
type table struct {
	title string
	width int
	hosts []host
}

func newTable(title string, names []string, hosts []host) *table {
	t := &table{title: title, width: len(title), hosts: hosts}
	for _, n := range names {
		t.width = max(t.width, len(n))
	}
	return t
}

func (t *table) head(out io.Writer) {
	var names []string
	for _, h := range t.hosts {
		names = append(names, h.name)
	}
	t.row(out, t.title, names)
}

func (t *table) row(out io.Writer, name string, cells []string) {
	line := fmt.Sprintf("%-*s", t.width, name)
	for _, c := range cells {
		line += fmt.Sprintf("  %-7s", c)
	}
	fmt.Fprintln(out, strings.TrimRight(line, " "))
}
