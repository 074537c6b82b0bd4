package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

// A kind is a host whose loop is broken. Its build gives the host executor,
// as a command, with what is broken in it: nothing, where the mutant is empty.
type kind struct {
	name    string
	mutants []mutant // their files are relative to the root of the project
	build   func(*hostBench, mutant) (command []string, env []string, err error)
	also    func(*hostBench, mutant) (verdict string, err error) // nil: the scenarios alone
}

var kinds = []kind{
	{"go", in("internal/host/", goHost), (*hostBench).goExecutor, (*hostBench).loopTests},
	{"wazero", in("internal/host/", wazeroHost), (*hostBench).wazeroExecutor, nil},
	{"python", in("bindings/python/src/evercreds/_host/", pythonHost), (*hostBench).pythonExecutor, nil},
	{"node", in("bindings/node/src/host/", nodeHost), (*hostBench).nodeExecutor, nil},
}

// A host that hangs is caught by that. It is one where a scenario takes so long, of
// which all together take a few seconds.
const scenarioPatience = "20s"

// runHosts breaks the loops of hosts, and has the scenarios look at each.
func runHosts(only string) error {
	b, err := newHostBench()
	if err != nil {
		return err
	}
	defer os.RemoveAll(b.dir)
	kindOf := map[string]kind{}
	var all []mutant
	for _, k := range kinds {
		var chosen []mutant
		for _, m := range k.mutants {
			if m.name = k.name + ": " + m.name; m.matches(only) {
				chosen, kindOf[m.name] = append(chosen, m), k
			}
		}
		if len(chosen) == 0 {
			continue
		}
		if verdict, err := b.try(k, mutant{}); err != nil || verdict != "" {
			return errors.Join(fmt.Errorf("the host %s as it is fails already: %s", k.name, verdict), err)
		}
		all = append(all, chosen...)
	}
	return tryAll(all, "host mutants", func(m mutant) (string, error) { return b.try(kindOf[m.name], m) })
}

// hostBench is where broken hosts are built and played.
type hostBench struct{ root, dir, runner string }

func newHostBench() (*hostBench, error) {
	root, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/evercreds/evercreds").Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	dir, err := os.MkdirTemp("", "evercreds-mutants-")
	if err != nil {
		return nil, err
	}
	b := &hostBench{strings.TrimSpace(string(root)), dir, filepath.Join(dir, "conformance")}
	// Executors look for the module beside themselves.
	err = os.Symlink(filepath.Join(b.root, "build", "evercreds.wasm"), filepath.Join(dir, "evercreds.wasm"))
	if err == nil {
		_, err = b.command("go", "build", "-buildvcs=false", "-o", b.runner, "./internal/conformance")
	}
	if err != nil {
		os.RemoveAll(dir)
	}
	return b, err
}

// command runs a program at the root, and gives what it prints.
func (b *hostBench) command(args ...string) (string, error) {
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Dir = b.root
	out, err := cmd.CombinedOutput()
	if err != nil {
		err = fmt.Errorf("%s: %w\n%s", strings.Join(args, " "), err, out)
	}
	return string(out), err
}

// broken gives the text of a mutant's file.
func (b *hostBench) broken(m mutant) (string, error) {
	text, err := os.ReadFile(filepath.Join(b.root, m.file))
	if n := strings.Count(string(text), m.old); err == nil && n != 1 {
		err = fmt.Errorf("%q stands %d times in %s: the mutant must be brought up to date", m.old, n, m.file)
	}
	return strings.Replace(string(text), m.old, m.new, 1), err
}

// try tells what is said of a mutant: "" if nothing.
func (b *hostBench) try(k kind, m mutant) (verdict string, err error) {
	command, env, err := k.build(b, m)
	if err != nil {
		return "", err
	}
	if verdict, err = b.play(command, env); err == nil && verdict == "" && k.also != nil {
		verdict, err = k.also(b, m)
	}
	return verdict, err
}

var differing = regexp.MustCompile(`(?m)^(\S+) in own:`)

// play takes an executor through the scenarios up to the first that it does not pass.
func (b *hostBench) play(command, env []string) (verdict string, err error) {
	cmd := exec.Command(b.runner, "-scenarios", "-first", "-patience="+scenarioPatience, "-executor="+strings.Join(command, " "))
	cmd.Dir, cmd.Env = b.root, append(os.Environ(), env...)
	out, err := cmd.Output()
	var failed *exec.ExitError
	found := differing.FindSubmatch(out)
	switch {
	case err == nil:
		return "", nil
	case errors.As(err, &failed) && found != nil:
		return fmt.Sprintf("the scenario %s", found[1]), nil
	}
	return "", fmt.Errorf("the scenarios: %w\n%s", err, out)
}

// overlay is the option that has Go build with a mutant in its place.
func (b *hostBench) overlay(m mutant) (option string, err error) {
	replaced := map[string]string{}
	if m.file != "" {
		text, err := b.broken(m)
		if err != nil {
			return "", err
		}
		to := filepath.Join(b.dir, "broken.go")
		replaced[filepath.Join(b.root, m.file)] = to
		if err := os.WriteFile(to, []byte(text), 0o644); err != nil {
			return "", err
		}
	}
	list, err := json.Marshal(map[string]any{"Replace": replaced})
	if err != nil {
		return "", err
	}
	file := filepath.Join(b.dir, "overlay.json")
	return "-overlay=" + file, os.WriteFile(file, list, 0o644)
}

func (b *hostBench) goExecutor(m mutant) (command, env []string, err error) {
	return b.testProgram(".", m)
}

func (b *hostBench) wazeroExecutor(m mutant) (command, env []string, err error) {
	return b.testProgram("hostfuncs", m)
}

// testProgram builds the tests of the package at the root of a module: one of them is
// the executor.
func (b *hostBench) testProgram(module string, m mutant) (command, env []string, err error) {
	overlay, err := b.overlay(m)
	if err != nil {
		return nil, nil, err
	}
	program := filepath.Join(b.dir, "host")
	_, err = b.command("go", "test", "-C", module, "-c", "-vet=off", "-buildvcs=false", overlay, "-o", program, ".")
	return []string{program, "-test.run=^TestHostExecutor$", "-host-executor"}, nil, err
}

// loopTests runs the tests of the loop itself.
func (b *hostBench) loopTests(m mutant) (verdict string, err error) {
	overlay, err := b.overlay(m)
	if err != nil {
		return "", err
	}
	out, err := b.command("go", "test", "-vet=off", "-timeout=1m", overlay, "./internal/host")
	if found := failing.FindStringSubmatch(out); err != nil && found != nil {
		return found[1], nil
	}
	return "", err
}

// in gives mutants whose files are in a folder.
func in(folder string, mutants []mutant) []mutant {
	for i := range mutants {
		mutants[i].file = folder + mutants[i].file
	}
	return mutants
}
