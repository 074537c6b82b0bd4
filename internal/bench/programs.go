package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// measure runs all programs whose name begins with only, the longest last. It begins none
// after this time; 0: there is no bound.
func (l *lab) measure(only string, within time.Duration) error {
	python, predecessor, goProgram := os.Getenv("EVERCREDS_PYTHON"), os.Getenv("EVERCREDS_PREDECESSOR_PYTHON"), inBuild("bench-go")
	node := []string{"node", "--expose-gc", "--require", "./tools/run/node-resolve.cjs"}
	inNode := func(file string, more ...string) []string {
		return append(append(node[:len(node):len(node)], "bench/node/"+file), more...)
	}
	l.load[0] = loadNow()
	for _, p := range []struct {
		name string
		run  func() error
	}{
		{"size", l.sizes},
		{"go-versions", func() error { return l.program(goProgram, "versions") }},
		{"go-hot", func() error { return l.program(goProgram, "hot") }},
		{"python-hot", func() error { return l.program(predecessor, "bench/python/hot.py") }},
		{"node-hot", func() error { return l.program(inNode("hot.mjs")...) }},
		{"go-client", func() error { return l.program(goProgram, "client") }},
		{"waiting-go", func() error { return l.program(goProgram, "waiting") }},
		{"waiting-python", func() error { return l.program(predecessor, "bench/python/waiting.py") }},
		{"waiting-node", func() error { return l.program(inNode("waiting.mjs")...) }},
		{"import", func() error {
			if err := os.WriteFile(filepath.Join(l.dir, "empty.py"), nil, 0o644); err != nil {
				return err
			}
			return l.processes("python-import", l.fewer(11, 1), []process{
				{"evercreds", []string{predecessor, "-c", "import boto3, evercreds"}},
				{"boto3", []string{predecessor, "-c", "import boto3"}},
				{"boto3-refresh-session", []string{predecessor, "-c", "import boto3, boto3_refresh_session"}},
				{"floor: an empty module", []string{predecessor, "-c", "import sys; sys.path.insert(0, sys.argv[1]); import empty", l.dir}},
			})
		}},
		{"first-python", func() error {
			return l.processes("first-python", l.fewer(11, 1), []process{
				{"evercreds", []string{predecessor, "bench/python/first.py", "evercreds"}},
				{"boto3-refresh-session", []string{predecessor, "bench/python/first.py", "predecessor"}},
				{"boto3 alone: one AssumeRole", []string{predecessor, "bench/python/first.py", "boto3"}},
			})
		}},
		{"first-node", func() error {
			return l.processes("first-node", l.fewer(11, 1), []process{
				{"evercreds", inNode("first.mjs", "evercreds")},
				{"fromTemporaryCredentials", inNode("first.mjs", "sdk")},
			})
		}},
		{"first-go", func() error {
			return l.processes("first-go", l.fewer(31, 1), []process{
				{"evercreds", []string{goProgram, "first", "evercreds"}},
				{"stscreds", []string{goProgram, "first", "stscreds"}},
			})
		}},
		{"weight", func() error {
			for _, kind := range []string{"session", "client"} {
				err := l.weighed("python-"+kind, l.fewer(3, 1), []process{
					{"evercreds", []string{predecessor, "bench/python/weigh.py", "evercreds", kind, count(l.fewer(300, 3))}},
					{"boto3-refresh-session", []string{predecessor, "bench/python/weigh.py", "boto3_refresh_session", kind, count(l.fewer(30, 3))}},
				})
				if err != nil {
					return err
				}
			}
			return nil
		}},
		{"eager-go", func() error {
			many := count(l.fewer(100_000, 10))
			return l.weighed("eager-go", l.fewer(3, 1), []process{
				{"evercreds", []string{goProgram, "eager", "evercreds", many}},
				{"a goroutine and a timer each", []string{goProgram, "eager", "goroutines", many}},
				{"floor: a timer each", []string{goProgram, "eager", "timers", many}},
			})
		}},
		{"eager-node", func() error {
			many := count(l.fewer(10_000, 10))
			return l.weighed("eager-node", l.fewer(3, 1), []process{
				{"evercreds", inNode("eager.mjs", "evercreds", many)},
				{"floor: a setTimeout each", inNode("eager.mjs", "timers", many)},
			})
		}},
		{"python-client", func() error { return l.program(predecessor, "bench/python/cache.py") }},
		{"core", func() error { return l.program(goProgram, "core") }},
		{"eager-python", func() error {
			many := count(l.fewer(10_000, 10))
			return l.weighed("eager-python", 1, []process{
				{"evercreds", []string{predecessor, "bench/python/eager.py", "evercreds", many}},
				{"a threading.Timer each", []string{predecessor, "bench/python/eager.py", "timers", many}},
			})
		}},
	} {
		if !strings.HasPrefix(p.name, only) {
			continue
		}
		if within > 0 && time.Since(l.begun) > within {
			l.left = append(l.left, p.name)
			continue
		}
		fmt.Fprintln(os.Stderr, "bench:", p.name)
		if err := p.run(); err != nil {
			return err
		}
	}
	l.load[1] = loadNow()
	return l.runtimes(python)
}

func count(n int) string { return strconv.Itoa(n) }

// sizes weighs the module beside one with an empty main, built in the same way.
func (l *lab) sizes() error {
	empty := filepath.Join(l.dir, "empty")
	if err := os.MkdirAll(empty, 0o755); err != nil {
		return err
	}
	for name, text := range map[string]string{"main.go": "package main\n\nfunc main() {}\n", "go.mod": "module empty\n\ngo 1.24\n"} {
		if err := os.WriteFile(filepath.Join(empty, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	cmd := l.command("go", "build", "-C", empty, "-o", "empty.wasm")
	cmd.Env = append(cmd.Env, "GOOS=wasip1", "GOARCH=wasm", "GOFLAGS="+os.Getenv("EVERCREDS_WASM_FLAGS"))
	if out, err := cmd.Output(); err != nil {
		return errorOf(err, out)
	}
	for name, file := range map[string]string{"evercreds": inBuild("evercreds.wasm"), "floor: an empty Go program": filepath.Join(empty, "empty.wasm")} {
		content, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		var zipped bytes.Buffer
		w, _ := gzip.NewWriterLevel(&zipped, gzip.BestCompression)
		if _, err := w.Write(content); err != nil {
			return err
		}
		if err := w.Close(); err != nil {
			return err
		}
		l.figures.add("wasm", name, "kB", float64(zipped.Len())/1000)
	}
	return nil
}

func errorOf(err error, out []byte) error { return fmt.Errorf("%w: %s", err, out) }

// runtimes notes the versions of what runs the programs.
func (l *lab) runtimes(python string) error {
	for name, argv := range map[string][]string{"Python": {python, "--version"}, "Node": {"node", "--version"}} {
		out, err := l.command(argv...).Output()
		if err != nil {
			return errorOf(err, out)
		}
		l.versions[name] = strings.TrimPrefix(strings.TrimPrefix(strings.TrimSpace(string(out)), "Python "), "v")
	}
	return nil
}
