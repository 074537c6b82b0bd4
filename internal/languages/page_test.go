// Package languages_test checks the table of names in docs/reference/names.md.
package languages_test

import (
	"fmt"
	"regexp"
	"strings"
)

// row is one line of the table.
type row struct {
	What             string
	Python, Go, Node cell
}

// cell has the names of one language, or the reason why there are none.
type cell struct {
	Names []string
	Text  string
}

// none tells that a language has no such thing, and the cell says why.
func (c cell) none() bool { return strings.HasPrefix(c.Text, "— ") && len(c.Names) == 0 }

var quoted = regexp.MustCompile("`([^`]+)`")

// read gives all rows of a page.
func read(page string) (rows []row, err error) {
	for number, line := range strings.Split(page, "\n") {
		if !strings.HasPrefix(line, "| ") || strings.HasPrefix(line, "| what |") {
			continue
		}
		cells := strings.Split(strings.Trim(line, "| "), " | ")
		if len(cells) != 4 {
			return nil, fmt.Errorf("line %d has %d cells, want 4", number+1, len(cells))
		}
		rows = append(rows, row{cells[0], cellOf(cells[1]), cellOf(cells[2]), cellOf(cells[3])})
	}
	return rows, nil
}

func cellOf(text string) cell {
	c := cell{Text: text}
	for _, found := range quoted.FindAllStringSubmatch(text, -1) {
		c.Names = append(c.Names, found[1])
	}
	return c
}
