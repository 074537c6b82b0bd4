package main

import (
	"encoding/json"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"
	"time"
)

// short only proves that all this runs.
var short = os.Getenv("EVERCREDS_BENCH_SHORT") != ""

func fewer(n, ifShort int) int {
	if short {
		return ifShort
	}
	return n
}

type contender struct {
	name    string
	measure func() (float64, error)
}

type line struct {
	Group    string            `json:"group,omitempty"`
	Name     string            `json:"name,omitempty"`
	Unit     string            `json:"unit,omitempty"`
	Rounds   []float64         `json:"rounds,omitempty"`
	Allocs   *float64          `json:"allocs,omitempty"`
	Versions map[string]string `json:"versions,omitempty"`
}

func tell(v any) error { return json.NewEncoder(os.Stdout).Encode(v) }

// interleave has each contender measure itself once a round; every second round goes
// backwards.
func interleave(group, unit string, rounds int, all []contender) error {
	took := make([][]float64, len(all))
	for r := range rounds {
		for i := range all {
			if r%2 == 1 {
				i = len(all) - 1 - i
			}
			v, err := all[i].measure()
			if err != nil {
				return err
			}
			took[i] = append(took[i], v)
		}
	}
	for i, c := range all {
		if err := tell(line{Group: group, Name: c.name, Unit: unit, Rounds: took[i]}); err != nil {
			return err
		}
	}
	return nil
}

// perCall measures the processor's nanoseconds per call, of all threads, whatever else
// the machine does.
func perCall(name string, calls int, call func() error) contender {
	return contender{name, func() (float64, error) {
		begun := cpu()
		for range calls {
			if err := call(); err != nil {
				return 0, err
			}
		}
		return float64(cpu()-begun) / float64(calls), nil
	}}
}

// cpu is the processor's time that this process had, of all its threads.
func cpu() time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		panic(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// allocations counts those of a call.
func allocations(calls int, call func() error) (float64, error) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range calls {
		if err := call(); err != nil {
			return 0, err
		}
	}
	runtime.ReadMemStats(&after)
	return float64((after.Mallocs - before.Mallocs) / uint64(calls)), nil
}

func tellAllocations(group, name string, calls int, call func() error) error {
	n, err := allocations(calls, call)
	if err != nil {
		return err
	}
	return tell(line{Group: group, Name: name, Allocs: &n})
}

// versions tells of what this was built with.
func versions() error {
	built, _ := debug.ReadBuildInfo()
	of := map[string]string{"Go": strings.TrimPrefix(runtime.Version(), "go")}
	for _, m := range built.Deps {
		switch m.Path {
		case "github.com/aws/aws-sdk-go-v2", "golang.org/x/oauth2", "cloud.google.com/go/auth":
			of[m.Path] = m.Version
		}
	}
	return tell(line{Versions: of})
}
