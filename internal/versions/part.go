package main

import (
	"context"
	"fmt"
	"strings"
)

// part is some rows of a page that one suite runs for.
type part struct {
	name string
	// prepare has the clone, which is as the tree is, take other versions, and gives a
	// row for each package.
	prepare func(context.Context, *bench) ([]row, error)
	suite   []command
}

// command is one of the project's.
type command struct {
	dir  string   // in the clone; "" is its root
	env  []string // what its environment has besides
	args []string
	does string // for one that counts nothing
}

// one is the row of a part that has no more.
func one(name, pinned, taken string) func(context.Context, *bench) ([]row, error) {
	return func(context.Context, *bench) ([]row, error) {
		return []row{{Name: name, Pinned: pinned, Taken: taken}}, nil
	}
}

// play runs the parts that are wanted, and keeps the rows of each as it ends. What
// fails in one is its rows' alone.
func (b *bench) play(ctx context.Context, parts []part) error {
	for _, p := range parts {
		if !b.wants(p.name) {
			continue
		}
		if err := b.fresh(ctx); err != nil {
			return err
		}
		rows, err := p.prepare(ctx, b)
		ran, why := "", ""
		if err == nil {
			ran, why = b.suite(ctx, p)
		} else if why = err.Error(); len(rows) == 0 {
			rows = []row{{Name: p.name}}
		}
		if ctx.Err() != nil {
			return ctx.Err() // ended from outside: that is no result
		}
		for i := range rows {
			if rows[i].Suite = ran; rows[i].Red == "" {
				rows[i].Red = why
			}
		}
		b.put(p.name, rows)
		b.order(parts)
		if err := b.save(); err != nil {
			return err
		}
	}
	return nil
}

// suite runs a part's commands up to the first that fails. ran is their closing lines;
// why is "" where all went well.
func (b *bench) suite(ctx context.Context, p part) (ran, why string) {
	var all []string
	for i, c := range p.suite {
		name := strings.ToLower(strings.NewReplacer(" ", "-", "/", "-").Replace(p.name))
		if i > 0 {
			name += fmt.Sprintf("-%d", i+1)
		}
		var closed string
		if closed, why = b.run(ctx, name, c); closed != "" {
			all = append(all, closed)
		}
		if why != "" {
			break
		}
	}
	return strings.Join(all, "; "), why
}
