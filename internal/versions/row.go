package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// row is one package, and what became of it.
type row struct {
	Part    string   `json:"part"`
	Name    string   `json:"name"`
	Pinned  string   `json:"pinned,omitempty"` // what the project has, or states
	Taken   string   `json:"taken"`            // what was run
	Refused []string `json:"refused,omitempty"`
	Suite   string   `json:"suite"` // what it ran in, by its closing line
	Red     string   `json:"red,omitempty"`
	Day     string   `json:"day"`
}

// put has the rows of a part in the place of those that it had before.
func (b *bench) put(part string, rows []row) {
	b.rows = slices.DeleteFunc(b.rows, func(r row) bool { return r.Part == part })
	for _, r := range rows {
		r.Part, r.Day = part, today()
		b.rows = append(b.rows, r)
	}
}

// order has the rows stand as the parts do.
func (b *bench) order(parts []part) {
	at := func(r row) int { return slices.IndexFunc(parts, func(p part) bool { return p.name == r.Part }) }
	slices.SortStableFunc(b.rows, func(x, y row) int { return at(x) - at(y) })
}

func (b *bench) file() string { return filepath.Join(b.home, "rows.json") }

func (b *bench) load() error {
	text, err := os.ReadFile(b.file())
	if errors.Is(err, fs.ErrNotExist) || len(b.only) == 0 {
		return nil // a run of all begins anew
	}
	if err != nil {
		return err
	}
	return json.Unmarshal(text, &b.rows)
}

func (b *bench) save() error {
	text, err := json.MarshalIndent(b.rows, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(b.file(), append(text, '\n'), 0o644)
}

func reds(rows []row) (n int) {
	for _, r := range rows {
		if r.Red != "" {
			n++
		}
	}
	return n
}

func closingLine(kind string, rows []row) string {
	return fmt.Sprintf("%s: %d packages, %d red", kind, len(rows), reds(rows))
}

const heading = "| package | pinned or stated | run with | ran | refused by the registry |\n|---|---|---|---|---|\n"

func missing(parts []part, rows []row) string {
	var names []string
	for _, p := range parts {
		if !slices.ContainsFunc(rows, func(r row) bool { return r.Part == p.name }) {
			names = append(names, p.name)
		}
	}
	if len(names) == 0 {
		return ""
	}
	return "; not run yet: " + strings.Join(names, ", ")
}

// table has a line for each row.
func table(rows []row) string {
	var b strings.Builder
	b.WriteString(heading)
	for _, r := range rows {
		ran := r.Suite
		if r.Red != "" {
			ran += " **red: " + r.Red + "**"
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", r.Name, r.Pinned, r.Taken, strings.TrimSpace(ran), strings.Join(r.Refused, ", "))
	}
	return b.String()
}

// writePage replaces the part of the page between two marks. It names the parts that
// have no rows yet.
func writePage(file, kind string, parts []part, rows []row) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	open, end := "<!-- "+kind+" -->\n", "<!-- end of "+kind+" -->"
	from, to := strings.Index(string(text), open), strings.Index(string(text), end)
	if from < 0 || to < from {
		return fmt.Errorf("%s has no part between %q and %q", file, open, end)
	}
	days := []string{}
	for _, r := range rows {
		if !slices.Contains(days, r.Day) {
			days = append(days, r.Day)
		}
	}
	slices.Sort(days)
	part := "\nRun on " + strings.Join(days, " and ") + ".\n\n" + table(rows) + "\n`" + closingLine(kind, rows) + "`" + missing(parts, rows) + "\n"
	page := string(text[:from]) + open + part + string(text[to:])
	return os.WriteFile(file, []byte(page), 0o644)
}
