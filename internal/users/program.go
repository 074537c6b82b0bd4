package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// program is a folder users/LANGUAGE/NAME. The comment that its main file begins with
// says what it shows, and then, in lines of a key and a value, what it needs.
type program struct {
	language, name string
	dir            string // users/LANGUAGE/NAME
	main           string // the file in it
	shows          string
	title          string        // in the table; the framework where it says nothing
	framework      string        // the package whose version the table has
	environment    string        // what is installed for it
	run            []string      // the command; "" is the language's own
	limit          time.Duration // after which it is ended
	files          []string      // files and folders that stand beside it too
	sets           int           // how many sets must have signed calls, at least
	moto           bool          // whether services that the stand-in has not are moto's
	short          bool
}

// sources are what it stands of.
func (p program) sources() []string { return append([]string{p.dir}, p.files...) }

func (p program) id() string { return p.language + "/" + p.name }

// mains are the files that a program can begin with, and what runs them.
var mains = []struct {
	language, file string
	run            []string
}{
	{"python", "main.py", []string{"python", "main.py"}},
	{"node", "main.mjs", []string{"node", "main.mjs"}},
	{"node", "main.cjs", []string{"node", "main.cjs"}},
	{"node", "main.ts", nil},
	{"go", "main.go", []string{"./program"}},
}

// find reads all programs, in the order of their names.
func find(root string) (programs []program, err error) {
	for _, m := range mains {
		files, err := filepath.Glob(filepath.Join(root, m.language, "*", m.file))
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			p, err := read(file, m.run)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", file, err)
			}
			programs = append(programs, p)
		}
	}
	languages := []string{"python", "node", "go"}
	slices.SortFunc(programs, func(a, b program) int {
		if a.language != b.language {
			return slices.Index(languages, a.language) - slices.Index(languages, b.language)
		}
		return strings.Compare(a.name, b.name)
	})
	return programs, nil
}

func read(file string, run []string) (program, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return program{}, err
	}
	dir := filepath.Dir(file)
	p := program{
		language: filepath.Base(filepath.Dir(dir)), name: filepath.Base(dir), dir: dir, main: filepath.Base(file),
		environment: "default", run: run, limit: 4 * time.Minute, sets: 2,
	}
	lines := comment(string(text))
	for _, line := range lines {
		key, value, found := strings.Cut(line, ": ")
		switch found = found && !strings.Contains(key, " "); {
		case found:
			if err := p.set(key, strings.TrimSpace(value)); err != nil {
				return p, fmt.Errorf("%s: %w", key, err)
			}
		case p.framework == "" && p.title == "":
			p.shows = strings.TrimSpace(p.shows + " " + line)
		default:
			return p, fmt.Errorf("after what it shows come lines of a key and a value, got %q", line)
		}
	}
	if p.shows == "" {
		return p, errors.New("its first lines must say what it shows")
	}
	if p.framework == "" || len(p.run) == 0 {
		return p, fmt.Errorf("it must name its framework, and what runs it where that is not plain")
	}
	if p.title == "" {
		p.title = p.framework
	}
	return p, nil
}

// comment is the lines of the comment that a file begins with.
func comment(text string) (lines []string) {
	for line := range strings.Lines(text) {
		said, found := strings.CutPrefix(line, "//")
		if !found {
			said, found = strings.CutPrefix(line, "#")
		}
		if !found {
			break
		}
		if said = strings.TrimSpace(said); said != "" {
			lines = append(lines, said)
		}
	}
	return lines
}

func (p *program) set(key, value string) (err error) {
	switch key {
	case "framework":
		p.framework = value
	case "title":
		p.title = value
	case "environment":
		p.environment = value
	case "run":
		p.run = strings.Fields(value)
	case "files":
		p.files = strings.Fields(value)
	case "time":
		p.limit, err = time.ParseDuration(value)
	case "sets":
		p.sets, err = strconv.Atoi(value)
	case "moto":
		p.moto = value == "yes"
	case "short":
		p.short = value == "yes"
	default:
		return errors.New("unknown; it takes framework, title, environment, run, files, time, sets, moto and short")
	}
	return err
}

// choose is the programs that are wanted.
func choose(all []program, only string, short bool) (chosen []program) {
	for _, p := range all {
		wanted := only == ""
		for _, word := range strings.Split(only, ",") {
			wanted = wanted || strings.Contains(p.id(), word)
		}
		if wanted && (p.short || !short) {
			chosen = append(chosen, p)
		}
	}
	return chosen
}
