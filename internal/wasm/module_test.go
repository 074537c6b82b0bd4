package main

import (
	"bytes"
	"compress/gzip"
	"flag"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/evercreds/evercreds/internal/built"
)

var update = flag.Bool("update", false, "write the golden lists")

func readModule(t *testing.T) []byte {
	t.Helper()
	path, err := built.Wasm(t.TempDir(), false)
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// A new import is a new demand on every embedder, and a new way to the outside;
// an export that goes away breaks one.
func TestImportsAndExportsMatchTheGoldenFile(t *testing.T) {
	binary := readModule(t)
	for _, list := range []struct {
		section byte
		file    string
	}{{sectionImport, "testdata/imports.golden"}, {sectionExport, "testdata/exports.golden"}} {
		lines, err := listing(binary, list.section)
		if err != nil {
			t.Fatal(err)
		}
		slices.Sort(lines)
		got := strings.Join(lines, "\n") + "\n"
		if *update {
			if err := os.WriteFile(list.file, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(list.file)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("%s: the module has\n%swanted\n%s", list.file, got, want)
		}
	}
}

// A web page loads the module over the network.
func TestTheModuleStaysSmall(t *testing.T) {
	const most = 620_000
	var packed bytes.Buffer
	w, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(readModule(t)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if packed.Len() > most {
		t.Errorf("gzipped: %d bytes, at most %d", packed.Len(), most)
	}
	t.Logf("gzipped: %d bytes of %d", packed.Len(), most)
}

func TestDamagedModulesAreRefused(t *testing.T) {
	good := []byte("\x00asm\x01\x00\x00\x00" + "\x02\x07\x01\x01m\x01f\x00\x00")
	lines, err := listing(good, sectionImport)
	if err != nil || !slices.Equal(lines, []string{"func m f"}) {
		t.Fatalf("%q, %v", lines, err)
	}
	for n := range len(good) {
		if n == 8 {
			continue // a module without sections is whole
		}
		if lines, err := listing(good[:n], sectionImport); err == nil {
			t.Errorf("%d bytes: %q", n, lines)
		}
	}
}
