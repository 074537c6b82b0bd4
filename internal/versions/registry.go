package main

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	lookUpTime = 2 * time.Minute
	// tries is how many of the newest versions of a package are tried: a registry may
	// list versions whose files it does not give.
	tries = 5
)

// registry tells of the packages of one language.
type registry struct {
	list func(ctx context.Context, name string) ([]string, error) // in any order
	have func(ctx context.Context, name, version string) error    // its files are given
}

// newestOf gives the newest version whose files are given, and names those that are
// newer and refused.
func (r registry) newestOf(ctx context.Context, name string) (version string, refused []string, err error) {
	all, err := r.list(ctx, name)
	if err != nil {
		return "", nil, err
	}
	all = released(all)
	slices.Reverse(all)
	for _, version := range all[:min(tries, len(all))] {
		if r.have(ctx, name, version) == nil {
			return version, refused, nil
		}
		refused = append(refused, version)
	}
	return "", refused, fmt.Errorf("%s: the registry gives none of the newest %d", name, len(refused))
}

// oldestOf gives the lowest listed version that is not below a floor, and whose files
// are given.
func (r registry) oldestOf(ctx context.Context, name, floor string) (version string, refused []string, err error) {
	all, err := r.list(ctx, name)
	if err != nil {
		return "", nil, err
	}
	all = slices.DeleteFunc(released(all), func(v string) bool { return compare(v, floor) < 0 })
	for _, version := range all[:min(tries, len(all))] {
		if r.have(ctx, name, version) == nil {
			return version, refused, nil
		}
		refused = append(refused, version)
	}
	return "", refused, fmt.Errorf("%s: the registry gives none of the %d from %s on", name, len(refused), floor)
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

var anyVersion = []string{"GOFLAGS=-mod=mod"}

func (b *bench) goProxy() registry {
	return registry{
		list: func(ctx context.Context, name string) ([]string, error) {
			out, err := b.command(ctx, lookUpTime, ".", anyVersion, "go", "list", "-m", "-versions", "-f", `{{join .Versions " "}}`, name)
			return strings.Fields(out), err
		},
		have: func(ctx context.Context, name, version string) error {
			_, err := b.command(ctx, lookUpTime, ".", anyVersion, "go", "mod", "download", name+"@"+version)
			return err
		},
	}
}

var pipVersions = regexp.MustCompile(`(?m)^Available versions: (.*)$`)

func (b *bench) pyPI() registry {
	return registry{
		list: func(ctx context.Context, name string) ([]string, error) {
			out, err := b.command(ctx, lookUpTime, ".", nil, python(), "-m", "pip", "index", "versions", name)
			if m := pipVersions.FindStringSubmatch(out); m != nil {
				return strings.Split(m[1], ", "), nil
			}
			return nil, err
		},
		have: func(ctx context.Context, name, version string) error {
			_, err := b.command(ctx, lookUpTime, ".", nil, python(), "-m", "pip", "download", "--quiet", "--no-deps",
				"--dest", "build/downloads", name+"=="+version)
			return err
		},
	}
}

func (b *bench) npm() registry {
	return registry{
		list: func(ctx context.Context, name string) (versions []string, err error) {
			out, err := b.command(ctx, lookUpTime, ".", nil, "npm", "view", name, "versions", "--json")
			if err != nil {
				return nil, err
			}
			return versions, json.Unmarshal([]byte(out), &versions)
		},
		have: func(ctx context.Context, name, version string) error {
			_, err := b.command(ctx, lookUpTime, ".", nil, "npm", "pack", "--silent", "--pack-destination", "build/downloads", name+"@"+version)
			return err
		},
	}
}
