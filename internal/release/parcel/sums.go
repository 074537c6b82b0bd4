package main

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// sumsFile is what a release signs. It is for sha256sum --check.
const sumsFile = "SHA256SUMS"

// artefacts are what a release has, each once: a list for each but the wheels, which have
// theirs inside.
var artefacts = []string{
	"evercreds-V-py3-none-manylinux_2_17_x86_64.whl",
	"evercreds-V-py3-none-manylinux_2_17_aarch64.whl",
	"evercreds-V-py3-none-any.whl",
	"evercreds-V-py3-none-manylinux_2_17_x86_64.whl.cdx.json",
	"evercreds-V-py3-none-manylinux_2_17_aarch64.whl.cdx.json",
	"evercreds-V-py3-none-any.whl.cdx.json",
	"evercreds-V.tgz", "evercreds-V.tgz.cdx.json",
	"evercreds-c-V-linux-x86_64.tar.gz", "evercreds-c-V-linux-x86_64.cdx.json",
	"evercreds-c-V-linux-aarch64.tar.gz", "evercreds-c-V-linux-aarch64.cdx.json",
	"evercreds-wasm-V.tar.gz", "evercreds-wasm-V.cdx.json",
	"evercreds-command-V-linux-amd64.tar.gz", "evercreds-command-V-linux-amd64.cdx.json",
	"evercreds-command-V-linux-arm64.tar.gz", "evercreds-command-V-linux-arm64.cdx.json",
	"evercreds-command-V-darwin-amd64.tar.gz", "evercreds-command-V-darwin-amd64.cdx.json",
	"evercreds-command-V-darwin-arm64.tar.gz", "evercreds-command-V-darwin-arm64.cdx.json",
	"evercreds-command-V-windows-amd64.zip", "evercreds-command-V-windows-amd64.cdx.json",
	"evercreds-command-V-windows-arm64.zip", "evercreds-command-V-windows-arm64.cdx.json",
}

var inName = regexp.MustCompile(`\bV\b`)

// sums writes the checksums, of just the files that a release has: a wheel for this machine
// alone, or of another version, is none of them.
func sums(dir, version string) error {
	expected := map[string]bool{}
	for _, name := range artefacts {
		expected[inName.ReplaceAllLiteralString(name, version)] = true
	}
	there, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	var lines strings.Builder
	for _, each := range there {
		name := each.Name()
		if strings.HasPrefix(name, sumsFile) {
			continue
		}
		if !expected[name] {
			return fmt.Errorf("%s is no file of release %s: it must not be handed out", name, version)
		}
		delete(expected, name)
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return err
		}
		fmt.Fprintf(&lines, "%x  %s\n", sha256.Sum256(text), name)
	}
	for name := range expected {
		return fmt.Errorf("%s is missing (%d files are)", name, len(expected))
	}
	return os.WriteFile(filepath.Join(dir, sumsFile), []byte(lines.String()), 0o644)
}
