// Command contract holds the endpoint of evercreds to its contract, with real clients of
// AWS's SDKs, on the stand-in. Its last line is "command: N cases, C clients, M failed".
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

func main() {
	evercreds := flag.String("evercreds", "build/evercreds", "the program")
	goClient := flag.String("goclient", "build/command-goclient", "the client of Go's SDK")
	cli := flag.String("aws", "build/venv-awscli/bin/aws", "the AWS CLI; left out where it is not there")
	short := flag.Bool("short", false, "the cases that take a few seconds, without the AWS CLI")
	only := flag.String("only", "", "the cases whose names have these words")
	under := flag.Duration("load", 0, "not the cases, but 500 requests a second for so long")
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
			good, err = load(program, *under)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
		if !good {
			os.Exit(1)
		}
		return
	}
	failed, err := play(*evercreds, *goClient, *cli, *only, *short)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if failed > 0 {
		os.Exit(1)
	}
}

func play(evercreds, goClient, cli, only string, short bool) (failed int, err error) {
	clients, err := findClients(goClient, cli, short)
	if err != nil {
		return 0, err
	}
	if evercreds, err = filepath.Abs(evercreds); err != nil {
		return 0, err
	}
	played := 0
	for _, c := range cases {
		if short && !c.short || !strings.Contains(c.name, only) {
			continue
		}
		began := time.Now()
		troubles := c.run(evercreds, clients)
		played++
		state := "ok"
		if len(troubles) > 0 {
			state = "FAILED"
			failed++
		}
		fmt.Printf("%-6s %s (%.1f s)\n", state, c.name, time.Since(began).Seconds())
		for _, t := range troubles {
			fmt.Println("       " + t)
		}
	}
	fmt.Printf("command: %d cases, %d clients, %d failed\n", played, len(clients), failed)
	return failed, nil
}
