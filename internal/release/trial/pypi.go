package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
)

// packages is where ./task package leaves its files.
const packages = "build/package"

// pypi installs the wheel by its name alone from an index of this machine (PEP 503), as pip
// chooses it, and runs a user's first program.
func (p place) pypi() (string, error) {
	var served atomic.Int64
	index := httptest.NewServer(pythonIndex(&served))
	defer index.Close()
	dir, err := p.empty("pypi")
	if err != nil {
		return "", err
	}
	program, err := filepath.Abs("tools/python/first_use.py")
	if err != nil {
		return "", err
	}
	own := filepath.Join(dir, "venv/bin/python")
	local := []string{"--no-cache-dir", "--index-url", index.URL + "/simple/", "evercreds==" + p.version}
	for _, args := range [][]string{
		{python(), "-m", "venv", filepath.Join(dir, "venv")},
		append(pip(own), "boto3>=1.38"), // of the usual index
		append(pip(own), local...),
		{own, program},
	} {
		if _, err := p.run(dir, nil, args...); err != nil {
			return "", err
		}
	}
	said, err := p.run(dir, nil, own, "-m", "pip", "show", "--verbose", "evercreds")
	if err != nil {
		return "", err
	}
	for _, label := range []string{"Documentation", "Changelog", "Issues", "Security", "Programming Language :: Python :: 3.10"} {
		if !strings.Contains(said, label) {
			return "", fmt.Errorf("the metadata have no %s:\n%s", label, said)
		}
	}
	if served.Load() != 1 {
		return "", fmt.Errorf("the index served %d wheels, want 1", served.Load())
	}
	return "pip install evercreds==" + p.version + " from an index, and a first program", nil
}

// pythonIndex lists the wheels of build/package, and serves them.
func pythonIndex(served *atomic.Int64) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /simple/evercreds/", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, "<!DOCTYPE html><html><body>")
		wheels, _ := filepath.Glob(packages + "/*.whl")
		sums, _ := os.ReadFile(packages + "/SHA256SUMS")
		for line := range strings.Lines(string(sums)) {
			sum, name, _ := strings.Cut(strings.TrimSpace(line), "  ")
			for _, wheel := range wheels {
				if filepath.Base(wheel) == name {
					fmt.Fprintf(w, "<a href=\"/files/%s#sha256=%s\" data-requires-python=\"&gt;=3.10\">%s</a>", name, sum, name)
				}
			}
		}
		fmt.Fprint(w, "</body></html>")
	})
	files := http.StripPrefix("/files/", http.FileServer(http.Dir(packages)))
	mux.HandleFunc("GET /files/", func(w http.ResponseWriter, r *http.Request) {
		served.Add(1)
		files.ServeHTTP(w, r)
	})
	return mux
}
