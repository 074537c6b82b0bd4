// Package tree reads and sets what a release is called: the file VERSION, the places that
// repeat it, and what the Go modules require of each other.
package tree

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// versionFile is the one place that people change, by ./task release.
const versionFile = "VERSION"

// A release is three numbers: these mean the same to Go, npm and PyPI, and no pre-release does.
// From 2 on Go wants another module path (https://go.dev/ref/mod#major-version-suffixes).
var released = regexp.MustCompile(`^[01]\.(0|[1-9]\d*)\.(0|[1-9]\d*)$`)

// A place repeats the version: the first group of the pattern is it.
type place struct {
	file    string
	pattern *regexp.Regexp
}

var places = []place{
	{"bindings/python/pyproject.toml", regexp.MustCompile(`(?m)^version = "([^"]*)"$`)},
	{"bindings/python/src/evercreds/__init__.py", regexp.MustCompile(`(?m)^__version__ = "([^"]*)"$`)},
	{"bindings/node/package.json", regexp.MustCompile(`(?m)^  "version": "([^"]*)",$`)},
	{"bindings/node/package-lock.json", regexp.MustCompile(`\A\{\n  "name": "evercreds",\n  "version": "([^"]*)",\n`)},
	{"bindings/node/package-lock.json", regexp.MustCompile(`(?m)^    "": \{\n      "name": "evercreds",\n      "version": "([^"]*)",$`)},
	{"bindings/node/src/library/version.ts", regexp.MustCompile(`(?m)^export const VERSION = "([^"]*)";$`)},
}

// Version is what the file VERSION says, such as "1.2.3".
func Version(root string) (string, error) {
	text, err := os.ReadFile(filepath.Join(root, versionFile))
	if err != nil {
		return "", err
	}
	version := strings.TrimSuffix(string(text), "\n")
	return version, CheckVersion(version)
}

// CheckVersion refuses what is no version of a release.
func CheckVersion(version string) error {
	if !released.MatchString(version) {
		return fmt.Errorf("a version is three numbers, the first 0 or 1, such as 1.2.3; got %q", version)
	}
	return nil
}

// Set writes the version into every place, and into what the modules require of each other.
// It gives the files that it may have changed.
func Set(root, version string) ([]string, error) {
	files := []string{versionFile}
	if err := os.WriteFile(filepath.Join(root, versionFile), []byte(version+"\n"), 0o644); err != nil {
		return nil, err
	}
	for _, p := range places {
		path := filepath.Join(root, p.file)
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		at := p.pattern.FindSubmatchIndex(text)
		if at == nil {
			return nil, fmt.Errorf("%s: no version where one is expected (%s)", p.file, p.pattern)
		}
		fresh := string(text[:at[2]]) + version + string(text[at[3]:])
		if err := os.WriteFile(path, []byte(fresh), 0o644); err != nil {
			return nil, err
		}
		files = append(files, p.file)
	}
	modules, err := Modules(root)
	if err != nil {
		return nil, err
	}
	for _, m := range modules {
		if err := m.require(root, version); err != nil {
			return nil, err
		}
		files = append(files, m.file())
	}
	return files, nil
}

// Check lists the places that say something else than VERSION.
func Check(root string) ([]string, error) {
	version, err := Version(root)
	if err != nil {
		return nil, err
	}
	var wrong []string
	for _, p := range places {
		text, err := os.ReadFile(filepath.Join(root, p.file))
		if err != nil {
			return nil, err
		}
		if at := p.pattern.FindSubmatch(text); at == nil {
			wrong = append(wrong, fmt.Sprintf("%s: no version where one is expected (%s)", p.file, p.pattern))
		} else if string(at[1]) != version {
			wrong = append(wrong, fmt.Sprintf("%s: %s, where VERSION has %s", p.file, at[1], version))
		}
	}
	modules, err := Modules(root)
	if err != nil {
		return nil, err
	}
	for _, m := range modules {
		wrong = append(wrong, m.check(version)...)
	}
	return wrong, nil
}
