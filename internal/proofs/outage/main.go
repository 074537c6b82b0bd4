// Command outage has evercreds and the libraries beside it live through the same
// outages, in virtual time. It prints what became of their callers and, with -write,
// writes docs/evidence/outages.md and its pictures.
//
//	outage [-write DIR]
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

func main() {
	dir := flag.String("write", "", "write outages.md and outages/*.svg into this directory")
	flag.Parse()
	results := map[string][]tally{}
	for _, s := range scenarios {
		results[s.name] = s.runAll()
		fmt.Printf("%s\n%s\n", s.name, s.table(results[s.name]))
	}
	if *dir == "" {
		return
	}
	if err := write(*dir, results); err != nil {
		fmt.Fprintln(os.Stderr, "outage:", err)
		os.Exit(1)
	}
}

func (s scenario) runAll() (all []tally) {
	for _, c := range contenders {
		all = append(all, s.run(c))
	}
	return all
}

func write(dir string, results map[string][]tally) error {
	pictures := filepath.Join(dir, "outages")
	if err := os.MkdirAll(pictures, 0o755); err != nil {
		return err
	}
	for _, s := range scenarios {
		if err := os.WriteFile(filepath.Join(pictures, s.file()+".svg"), []byte(s.draw(results[s.name])), 0o644); err != nil {
			return err
		}
	}
	text := strings.TrimRight(page(results), "\n") + "\n"
	return os.WriteFile(filepath.Join(dir, "outages.md"), []byte(text), 0o644)
}
