// Command contract holds the endpoint of evercreds to its contract, with real clients of
// AWS's SDKs, on the stand-in. Its last line is "command: N cases, C clients, M failed".
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

func main() {
	evercreds := flag.String("evercreds", "build/evercreds", "the program")
	clients := flag.String("clients", "build/command-clients", "the directory of the clients that were built")
	short := flag.Bool("short", false, "the cases that take a few seconds, with the clients that tests have anyway")
	parallel := flag.Int("parallel", 3, "how many cases run at once")
	only := flag.String("only", "", "the cases whose names have these words")
	under := flag.Duration("load", 0, "not the cases, but 500 requests a second for so long")
	beside := flag.String("beside", "", "with -load: one more program to ask, as bench/rolesanywhere is one")
	isBare := flag.Bool("bare", false, "be the bare handler of -load")
	flag.Parse()
	if *isBare {
		fmt.Fprintln(os.Stderr, serveBare())
		os.Exit(1)
	}
	if *under > 0 {
		program, err := filepath.Abs(*evercreds)
		good := false
		if err == nil {
			good, err = load(program, *beside, *under)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
		if !good {
			os.Exit(1)
		}
		return
	}
	failed, err := play(*evercreds, *clients, *only, *short, *parallel)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if failed > 0 {
		os.Exit(1)
	}
}

// play runs the cases, some at once: most of their time they wait.
func play(evercreds, clientDir, only string, short bool, parallel int) (int, error) {
	clients, err := findClients(clientDir, short)
	if err != nil {
		return 0, err
	}
	if evercreds, err = filepath.Abs(evercreds); err != nil {
		return 0, err
	}
	var mu sync.Mutex
	played, failed := 0, 0
	var running sync.WaitGroup
	places := make(chan struct{}, max(parallel, 1))
	for _, c := range cases {
		if short && !c.short || !strings.Contains(c.name, only) {
			continue
		}
		places <- struct{}{}
		running.Add(1)
		go func() {
			defer running.Done()
			defer func() { <-places }()
			began := time.Now()
			troubles := c.run(evercreds, clients)
			mu.Lock()
			defer mu.Unlock()
			played++
			if len(troubles) > 0 {
				failed++
			}
			c.tell(time.Since(began), troubles)
		}()
	}
	running.Wait()
	fmt.Printf("command: %d cases, %d clients, %d failed\n", played, len(clients), failed)
	return failed, nil
}

func (c testCase) tell(took time.Duration, troubles []string) {
	state := "ok"
	if len(troubles) > 0 {
		state = "FAILED"
	}
	fmt.Printf("%-6s %s (%.1f s)\n", state, c.name, took.Seconds())
	for _, t := range troubles {
		fmt.Println("       " + t)
	}
}
