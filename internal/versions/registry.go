package main

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	lookUpTime  = 2 * time.Minute
	installTime = 20 * time.Minute
	// tries is how many of the newest versions of a package are tried: a registry may
	// list versions whose files it does not give.
	tries = 5
)

// registry tells of the packages of one language.
type registry struct {
	list func(ctx context.Context, name string) ([]string, error) // in any order
	have func(ctx context.Context, name, version string) error    // its files are given
}

// look gives the row of a package at the newest version whose files are given, or with
// a floor at the lowest that is not below it. It names those that were refused.
func (g registry) look(ctx context.Context, prefix, name, pinned, floor string) row {
	r := row{Name: prefix + name, Pinned: pinned}
	all, err := g.list(ctx, name)
	if err != nil {
		r.Red = err.Error()
		return r
	}
	if all = released(all); floor == "" {
		slices.Reverse(all)
	} else {
		all = slices.DeleteFunc(all, func(v string) bool { return compare(v, floor) < 0 })
	}
	for _, version := range all[:min(tries, len(all))] {
		if err = g.have(ctx, name, version); err == nil {
			r.Taken = version
			return r
		}
		r.Refused = append(r.Refused, version)
	}
	r.Red = fmt.Sprintf("the registry gives none of the %d that were tried: %v", len(r.Refused), err)
	return r
}

var numbers = regexp.MustCompile(`^v?\d+(\.\d+)*$`)

// released are the versions that are no previews, the lowest first.
func released(all []string) []string {
	all = slices.DeleteFunc(slices.Clone(all), func(v string) bool { return !numbers.MatchString(v) })
	slices.SortFunc(all, compare)
	return all
}

// compare compares versions of numbers alone.
func compare(a, b string) int {
	return slices.Compare(split(a), split(b))
}

func split(version string) (numbers []int) {
	for part := range strings.SplitSeq(strings.TrimPrefix(version, "v"), ".") {
		n, _ := strconv.Atoi(part) // what is no number was refused before
		numbers = append(numbers, n)
	}
	for len(numbers) > 0 && numbers[len(numbers)-1] == 0 {
		numbers = numbers[:len(numbers)-1] // 1.0 is 1
	}
	return numbers
}
