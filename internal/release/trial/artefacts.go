package main

import (
	"fmt"
	"path/filepath"
	"strings"
)

// emulated runs programs for arm64 (tools/package/arm64.sh).
const emulator = "build/arm64/bin/qemu-aarch64-static"

func (p place) artefacts() []trial {
	trials := []trial{
		{"checksums and signature", p.signed},
		{"wheel x86_64", func() (string, error) { return p.wheel("manylinux_2_17_x86_64", "") }},
		{"wheel aarch64", p.wheelEmulated},
		{"wheel any", func() (string, error) { return p.wheel("any", "[wasm]") }},
		{"npm package", p.npm},
		{"WASI module", p.module},
		{"C bundle x86_64", func() (string, error) { return p.bundle("x86_64", []string{"cc"}) }},
		{"C bundle aarch64", func() (string, error) { return p.bundle("aarch64", emulatedCompiler(), p.emulated()...) }},
		{"command linux amd64", func() (string, error) { return p.command("linux-amd64") }},
		{"command linux arm64", func() (string, error) { return p.command("linux-arm64", p.emulated()...) }},
	}
	for _, target := range []string{"darwin-amd64", "darwin-arm64", "windows-amd64", "windows-arm64"} {
		trials = append(trials, trial{"command " + strings.Replace(target, "-", " ", 1), func() (string, error) { return p.lookedAt(target) }})
	}
	return trials
}

func (p place) emulated() []string {
	program, _ := filepath.Abs(emulator)
	root, _ := filepath.Abs("build/arm64/root")
	return []string{program, "-L", root}
}

func emulatedCompiler() []string {
	own, _ := filepath.Abs("build/venv-wheel/bin/python")
	return []string{own, "-m", "ziglang", "cc", "-target", "aarch64-linux-gnu.2.17"}
}

// artefact is the path of a file of the release.
func (p place) artefact(pattern string) (string, error) {
	return filepath.Abs(filepath.Join(packages, strings.ReplaceAll(pattern, "V", p.version)))
}

// wheel installs one as the only package that is not of the usual index.
func (p place) wheel(kind, extra string) (string, error) {
	wheel, err := p.artefact("evercreds-V-py3-none-" + kind + ".whl")
	if err != nil {
		return "", err
	}
	if err := p.contents(wheel); err != nil {
		return "", err
	}
	dir, err := p.empty("wheel-" + kind)
	if err != nil {
		return "", err
	}
	program, err := filepath.Abs("tools/python/first_use.py")
	if err != nil {
		return "", err
	}
	own := filepath.Join(dir, "venv/bin/python")
	for _, args := range [][]string{
		{python(), "-m", "venv", filepath.Join(dir, "venv")},
		append(pip(own), wheel+extra),
		{own, program},
		{own, "-m", "pip", "check"},
	} {
		if _, err := p.run(dir, nil, args...); err != nil {
			return "", err
		}
	}
	return "installed alone, and used", nil
}

// contents refuses a wheel that has something of our tests, or lacks what terms ask for.
func (p place) contents(wheel string) error {
	list, err := p.run(".", nil, python(), "-m", "zipfile", "-l", wheel)
	if err != nil {
		return err
	}
	for _, need := range []string{"licenses/LICENSE", "licenses/NOTICE", "licenses/NOTICE-third-party.txt", "sboms/sbom.cdx.json", "evercreds/py.typed"} {
		if !strings.Contains(list, need) {
			return fmt.Errorf("%s has no %s", filepath.Base(wheel), need)
		}
	}
	for _, never := range []string{"executor", "conftest", "/test_", "stand_in", "tests/"} {
		if strings.Contains(list, never) {
			return fmt.Errorf("%s has something of the tests: %s", filepath.Base(wheel), never)
		}
	}
	return nil
}

// wheelEmulated installs the one for arm64 beside a Python for arm64, and runs it there.
func (p place) wheelEmulated() (string, error) {
	wheel, err := p.artefact("evercreds-V-py3-none-manylinux_2_17_aarch64.whl")
	if err != nil {
		return "", err
	}
	if err := p.contents(wheel); err != nil {
		return "", err
	}
	program, err := filepath.Abs("tools/python/first_use.py")
	if err != nil {
		return "", err
	}
	root, err := filepath.Abs("build/arm64/root")
	if err != nil {
		return "", err
	}
	// Where Debian's Python looks.
	target := filepath.Join(root, "usr/lib/python3/dist-packages")
	install := append(pip(python()), "--upgrade", "--no-compile", "--only-binary=:all:",
		"--platform", "manylinux_2_17_aarch64", "--python-version", "3.11", "--implementation", "cp", "--target", target, wheel)
	if _, err := p.run(".", nil, install...); err != nil {
		return "", err
	}
	_, err = p.run(root, nil, append(p.emulated(), filepath.Join(root, "usr/bin/python3.11"), program)...)
	return "installed alone, and used, under qemu", err
}
