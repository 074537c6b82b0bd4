// Command go measures what sessions cost in Go, beside peers. Its argument names
// what; results go to standard output, a JSON object a line, which internal/bench reads.
// The contenders take turns, so that a machine whose speed drifts treats all alike.
package main

import (
	"fmt"
	"os"
	"strconv"
)

func main() {
	programs := map[string]func() error{
		"hot": hot, "share-hot": shareHot, "client": client, "core": machine, "waiting": waiting, "versions": versions,
		"eager": func() error { return eager(os.Args[2], number(os.Args[3])) },
		"first": func() error { return first(os.Args[2]) },
	}
	program := programs[append(os.Args, "")[1]]
	if program == nil {
		fmt.Fprintln(os.Stderr, "usage: go hot|share-hot|client|core|waiting|versions, eager KIND COUNT or first KIND")
		os.Exit(2)
	}
	if err := program(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func number(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil {
		panic(err)
	}
	return n
}
