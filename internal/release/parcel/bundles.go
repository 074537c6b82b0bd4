package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	cdx "github.com/CycloneDX/cyclonedx-go"
)

// The names of what goes into each artefact beside the product itself.
const (
	noticesFile = "NOTICE-third-party.txt"
	sbomFile    = "sbom.cdx.json"
)

// processors has Go's names of processors, and those that C's tools have for them.
var processors = map[string]string{"amd64": "x86_64", "arm64": "aarch64"}

const pkgConfig = `prefix=${pcfiledir}/../..
Name: evercreds
Description: Decides when AWS temporary credentials are refreshed
URL: https://github.com/evercreds/evercreds
Version: %s
License: Apache-2.0
Cflags: -I${prefix}/include
Libs: -L${prefix}/lib -levercreds
`

// c packs the library, its header and what finds them.
func (p packer) c(library, arch, out string) error {
	if err := checkLibrary(library); err != nil {
		return err
	}
	binary, err := os.ReadFile(library)
	if err != nil {
		return err
	}
	soname, err := sonameOf(library)
	if err != nil {
		return err
	}
	parts, err := inLibrary(library)
	if err != nil {
		return err
	}
	entries, err := plain("include/evercreds.h", "docs/reference/abi.md", "docs/reference/host.md", "examples/c/embedder.c")
	if err != nil {
		return err
	}
	entries = append(entries,
		entry{name: "lib/" + soname, text: binary, mode: 0o755},
		entry{name: "lib/libevercreds.so", link: soname},
		entry{name: "lib/pkgconfig/evercreds.pc", text: fmt.Appendf(nil, pkgConfig, p.version), mode: 0o644})
	name := fmt.Sprintf("evercreds-c-%s-linux-%s", p.version, processors[arch])
	return p.bundle(out, name, "pkg:generic/evercreds-c@"+p.version, cdx.ComponentTypeLibrary, parts, entries, tarGz)
}

// wasm packs the WASI module, and the list of what it imports.
func (p packer) wasm(out string) error {
	module, err := os.ReadFile("build/evercreds.wasm")
	if err != nil {
		return err
	}
	imports, err := output(exec.Command("node", "tools/package/imports.mjs", "build/evercreds.wasm"))
	if err != nil {
		return err
	}
	parts, err := inModule()
	if err != nil {
		return err
	}
	entries, err := plain("docs/reference/abi.md", "docs/reference/host.md")
	if err != nil {
		return err
	}
	entries = append(entries,
		entry{name: "evercreds.wasm", text: module, mode: 0o644},
		entry{name: "imports.txt", text: []byte(imports), mode: 0o644})
	return p.bundle(out, "evercreds-wasm-"+p.version, "pkg:generic/evercreds-wasm@"+p.version, cdx.ComponentTypeLibrary, parts, entries, tarGz)
}

// command packs the program for one system.
func (p packer) command(binary, system, arch, out string) error {
	text, err := os.ReadFile(binary)
	if err != nil {
		return err
	}
	parts, err := inGo(binary)
	if err != nil {
		return err
	}
	entries, err := plain("docs/guides/command.md")
	if err != nil {
		return err
	}
	name, pack := fmt.Sprintf("evercreds-command-%s-%s-%s", p.version, system, arch), tarGz
	program := "evercreds"
	if system == "windows" {
		program, pack = "evercreds.exe", zipped
	}
	entries = append(entries, entry{name: program, text: text, mode: 0o755})
	purl := "pkg:golang/github.com/evercreds/evercreds/cmd/evercreds@v" + p.version
	return p.bundle(out, name, purl, cdx.ComponentTypeApplication, parts, entries, pack)
}

// bundle adds licence, notices and list, packs all in a folder, and leaves the list beside.
func (p packer) bundle(out, name, purl string, kind cdx.ComponentType, parts []part, entries []entry, pack func(string, string, []entry) error) error {
	list, err := p.sbom(name, purl, kind, parts)
	if err != nil {
		return err
	}
	terms, err := plain("LICENSE", "NOTICE")
	if err != nil {
		return err
	}
	entries = append(entries, terms...)
	entries = append(entries,
		entry{name: noticesFile, text: notices(parts), mode: 0o644},
		entry{name: sbomFile, text: list, mode: 0o644})
	if err := os.WriteFile(filepath.Join(out, name+".cdx.json"), list, 0o644); err != nil {
		return err
	}
	suffix := ".tar.gz"
	if strings.Contains(name, "-windows-") {
		suffix = ".zip"
	}
	return pack(filepath.Join(out, name+suffix), name, entries)
}

// plain reads files of the project; the header keeps its folder, others lie flat.
func plain(names ...string) ([]entry, error) {
	var entries []entry
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		inside := filepath.Base(name)
		if filepath.Ext(name) == ".h" {
			inside = "include/" + inside
		}
		entries = append(entries, entry{name: inside, text: text, mode: 0o644})
	}
	return entries, nil
}
