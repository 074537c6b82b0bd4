package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/evercreds/evercreds/internal/awstest"
)

// lab runs the programs, and keeps what they tell.
type lab struct {
	short    bool
	figures  *figures
	versions map[string]string
	programs int
	left     []string // programs for which there was no time
	begun    time.Time
	load     [2]string // before and after
	standIn  *awstest.Server
	dir      string
}

func newLab(short bool) (*lab, error) {
	dir, err := os.MkdirTemp("", "evercreds-bench-")
	if err != nil {
		return nil, err
	}
	standIn, err := awstest.Start(awstest.Config{})
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return &lab{short: short, figures: newFigures(), versions: map[string]string{}, standIn: standIn, dir: dir, begun: time.Now()}, nil
}

func (l *lab) close() {
	_ = l.standIn.Close()
	_ = os.RemoveAll(l.dir)
}

// fewer gives a count, or the one of the short form.
func (l *lab) fewer(n, short int) int {
	if l.short {
		return short
	}
	return n
}

func (l *lab) command(argv ...string) *exec.Cmd {
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Stderr = os.Stderr
	for _, v := range os.Environ() {
		// Python keeps what it compiled, as it does for users.
		if !strings.HasPrefix(v, "AWS_") && !strings.HasPrefix(v, "PYTHON") {
			cmd.Env = append(cmd.Env, v)
		}
	}
	cmd.Env = append(cmd.Env,
		"AWS_ACCESS_KEY_ID="+l.standIn.Base.AccessKeyID, "AWS_SECRET_ACCESS_KEY="+l.standIn.Base.SecretAccessKey,
		"AWS_ENDPOINT_URL_STS="+l.standIn.URL, "AWS_EC2_METADATA_DISABLED=true", "AWS_CONFIG_FILE="+os.DevNull,
		"AWS_SHARED_CREDENTIALS_FILE="+os.DevNull, "AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED=true",
		"BENCH_ROLE="+l.standIn.RoleARN)
	if l.short {
		cmd.Env = append(cmd.Env, "EVERCREDS_BENCH_SHORT=1")
	}
	return cmd
}

// told is a line of a program's.
type told struct {
	Group, Name, Unit string
	Rounds            []float64
	Allocs            *float64
	Versions          map[string]string
}

// program runs one that measures in itself.
func (l *lab) program(argv ...string) error {
	out, err := l.command(argv...).Output()
	if err != nil {
		return fmt.Errorf("%s: %w", strings.Join(argv, " "), err)
	}
	for text := range bytes.Lines(out) {
		var t told
		if err := json.Unmarshal(text, &t); err != nil {
			return fmt.Errorf("%s: %w: %s", strings.Join(argv, " "), err, text)
		}
		for name, version := range t.Versions {
			l.versions[name] = strings.TrimPrefix(version, "v")
		}
		if t.Allocs != nil {
			l.figures.add("allocations", t.Group+": "+t.Name, "", *t.Allocs)
		}
		if t.Rounds != nil {
			l.figures.add(t.Group, t.Name, t.Unit, t.Rounds...)
		}
	}
	l.programs++
	return nil
}

// process is a contender that is a process of its own.
type process struct {
	name string
	argv []string
}

// processes has each run once a round, and keeps the processor's time and the clock's.
func (l *lab) processes(group string, rounds int, all []process) error {
	for r := range rounds {
		for i := range all {
			if r%2 == 1 {
				i = len(all) - 1 - i
			}
			cmd, begun := l.command(all[i].argv...), time.Now()
			if out, err := cmd.Output(); err != nil {
				return fmt.Errorf("%s: %w: %s", strings.Join(all[i].argv, " "), err, out)
			}
			took := time.Since(begun)
			used := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
			l.figures.add(group, all[i].name, "ms", ms(used))
			l.figures.add(group+"-elapsed", all[i].name, "ms", ms(took))
		}
	}
	l.programs += len(all)
	return nil
}

// weighed has each process print its own figures, by their units.
func (l *lab) weighed(group string, rounds int, all []process) error {
	for r := range rounds {
		for i := range all {
			if r%2 == 1 {
				i = len(all) - 1 - i
			}
			out, err := l.command(all[i].argv...).Output()
			if err != nil {
				return fmt.Errorf("%s: %w", strings.Join(all[i].argv, " "), err)
			}
			var of map[string]float64
			if err := json.Unmarshal(out, &of); err != nil {
				return fmt.Errorf("%s: %w: %s", strings.Join(all[i].argv, " "), err, out)
			}
			for unit, v := range of {
				l.figures.add(group+", "+unit, all[i].name, strings.TrimPrefix(unit, "idle "), v)
			}
		}
	}
	l.programs += len(all)
	return nil
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// loadNow is the load average of the last minute; "": the system tells none.
func loadNow() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return ""
	}
	return strings.Fields(string(text))[0]
}

// machine says of which kind this one is.
func machine() string {
	model := runtime.GOARCH
	if text, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.Lines(string(text)) {
			if name, is, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
				model = strings.TrimSpace(is) + ", " + runtime.GOARCH
				break
			}
		}
	}
	return fmt.Sprintf("%s, %d cores (%s)", runtime.GOOS, runtime.NumCPU(), model)
}

func inBuild(name string) string { return filepath.Join("build", name) }
