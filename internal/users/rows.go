package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"sync"
)

// The states of a row.
const (
	green = "green"
	red   = "red"
	skip  = "skipped"
)

// row is what came of one program.
type row struct {
	State   string `json:"state"`
	Version string `json:"version"` // of the framework
	Said    string `json:"said"`
	Stamp   string `json:"stamp"` // of all files that it ran with
	Day     string `json:"day"`
}

// rows are those of this run and of earlier ones, by the names of the programs.
type rows struct {
	mu   sync.Mutex
	file string
	all  map[string]row
}

func loadRows(file string) (*rows, error) {
	r := &rows{file: file, all: map[string]row{}}
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return r, nil
	}
	if err != nil {
		return nil, err
	}
	return r, json.Unmarshal(text, &r.all)
}

func (r *rows) get(p program) (row, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	found, ok := r.all[p.id()]
	return found, ok
}

// put keeps a row at once: a run that is cut short, or one beside this one, loses none.
func (r *rows) put(p program, as row) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	now, err := loadRows(r.file)
	if err != nil {
		return err
	}
	now.all[p.id()] = as
	r.all = now.all
	return r.save()
}

// forget drops the rows of programs that are no more.
func (r *rows) forget(programs []program) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	now, err := loadRows(r.file)
	if err != nil {
		return err
	}
	r.all = map[string]row{}
	for _, p := range programs {
		if one, ok := now.all[p.id()]; ok {
			r.all[p.id()] = one
		}
	}
	return r.save()
}

func (r *rows) save() error {
	text, err := json.MarshalIndent(r.all, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(r.file, append(text, '\n'), 0o644)
}

func (r *rows) of(programs []program) (list []row) {
	for _, p := range programs {
		if one, ok := r.get(p); ok {
			list = append(list, one)
		}
	}
	return list
}

func count(list []row, state string) (n int) {
	for _, r := range list {
		if r.State == state {
			n++
		}
	}
	return n
}

func reds(list []row) int { return count(list, red) }

func closingLine(list []row) string {
	line := fmt.Sprintf("users: %d programs, %d red", len(list), reds(list))
	if n := count(list, skip); n > 0 {
		line += fmt.Sprintf(", %d skipped", n)
	}
	return line
}

const heading = "| framework | version | works | how | program |\n|---|---|---|---|---|\n"

// writePage replaces the part of the page between two marks.
func writePage(file string, programs []program, r *rows) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	open, end := "<!-- programs -->\n", "<!-- end of programs -->"
	from, to := strings.Index(string(text), open), strings.Index(string(text), end)
	if from < 0 || to < from {
		return fmt.Errorf("%s has no part between %q and %q", file, open, end)
	}
	r = r.with(string(text[from:to]), programs)
	var b strings.Builder
	for _, language := range []struct{ id, name string }{{"python", "Python"}, {"node", "Node"}, {"go", "Go"}} {
		fmt.Fprintf(&b, "\n## %s\n\n%s", language.name, heading)
		for _, p := range programs {
			if p.language == language.id {
				b.WriteString(line(p, r))
			}
		}
	}
	fmt.Fprintf(&b, "\n`%s`\n\n", closingLine(r.of(programs)))
	return os.WriteFile(file, []byte(string(text[:from])+open+b.String()+string(text[to:])), 0o644)
}

// with adds what the page tells of programs that have not run in this folder.
func (r *rows) with(page string, programs []program) *rows {
	both := &rows{all: map[string]row{}}
	for _, p := range programs {
		if one, ok := r.get(p); ok {
			both.all[p.id()] = one
		} else if one, ok := told(page, p); ok {
			both.all[p.id()] = one
		}
	}
	return both
}

// told reads the row of a program from the page, as [line] writes it.
func told(page string, p program) (one row, ok bool) {
	for text := range strings.Lines(page) {
		if !strings.HasSuffix(text, link(p)+" |\n") {
			continue
		}
		parts := strings.Split(text, " | ")
		if len(parts) != 5 {
			return row{}, false
		}
		one.Version = parts[1]
		said := strings.TrimPrefix(parts[3], cell.Replace(p.shows)+" (")
		for state, word := range works {
			if word == parts[2] {
				one.State = state
			}
		}
		if one.State != green && said != parts[3] {
			one.Said = strings.TrimSuffix(said, ")")
		}
		return one, one.State == green || one.Said != ""
	}
	return row{}, false
}

func link(p program) string { return fmt.Sprintf("[%s](../../%s)", p.name, p.dir+"/"+p.main) }

var cell = strings.NewReplacer("|", "\\|", "\n", " ")

var works = map[string]string{green: "yes", red: "**no**", skip: "not run"}

func line(p program, r *rows) string {
	one, ran := r.get(p)
	how := p.shows
	if one.State == red || one.State == skip {
		how += " (" + one.Said + ")"
	}
	if !ran {
		one.State = skip
	}
	return fmt.Sprintf("| %s | %s | %s | %s | %s |\n", cell.Replace(p.title), one.Version, works[one.State], cell.Replace(how), link(p))
}
