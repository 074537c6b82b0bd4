package main

import (
	"debug/macho"
	"debug/pe"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// unpacked gives the folder that an archive holds.
func (p place) unpacked(pattern, suffix string) (string, error) {
	archive, err := p.artefact(pattern + suffix)
	if err != nil {
		return "", err
	}
	dir, err := p.empty("unpacked")
	if err != nil {
		return "", err
	}
	unpack := []string{"tar", "-xzf", archive}
	if suffix == ".zip" {
		unpack = []string{python(), "-m", "zipfile", "-e", archive, "."}
	}
	if _, err := p.run(dir, nil, unpack...); err != nil {
		return "", err
	}
	folder := filepath.Join(dir, strings.TrimSuffix(filepath.Base(archive), suffix))
	for _, need := range []string{"LICENSE", "NOTICE", "NOTICE-third-party.txt", "sbom.cdx.json"} {
		if _, err := os.Stat(filepath.Join(folder, need)); err != nil {
			return "", err
		}
	}
	return folder, nil
}

// bundle compiles the example by what pkg-config says of the bundle, and runs it.
func (p place) bundle(machine string, compiler []string, emulated ...string) (string, error) {
	folder, err := p.unpacked("evercreds-c-V-linux-"+machine, ".tar.gz")
	if err != nil {
		return "", err
	}
	found := []string{"PKG_CONFIG_PATH=" + filepath.Join(folder, "lib/pkgconfig")}
	flags, err := p.run(folder, found, "pkg-config", "--cflags", "--libs", "evercreds")
	if err != nil {
		return "", err
	}
	version, err := p.run(folder, found, "pkg-config", "--modversion", "evercreds")
	if err != nil || version != p.version {
		return "", fmt.Errorf("pkg-config says it is %q: %v", version, err)
	}
	build := append(compiler, "-Wall", "-Werror", "embedder.c", "-o", "program")
	if _, err := p.run(folder, nil, append(build, strings.Fields(flags)...)...); err != nil {
		return "", err
	}
	said, err := p.run(folder, []string{"LD_LIBRARY_PATH=" + filepath.Join(folder, "lib")}, append(emulated, filepath.Join(folder, "program"))...)
	if err == nil && !strings.HasSuffix(said, "180 calls, 4 refreshes, 0 failed") {
		err = fmt.Errorf("the example said:\n%s", said)
	}
	return "compiled by pkg-config's flags, and run: 180 calls, 4 refreshes, 0 failed", err
}

// module holds the bundle's list of imports against the one that tests keep. The module
// itself ran in the wheel for any system and in the npm package, of which it has the bytes.
func (p place) module() (string, error) {
	folder, err := p.unpacked("evercreds-wasm-V", ".tar.gz")
	if err != nil {
		return "", err
	}
	// The package's own bytes: the tree's may be built anew while this runs.
	tarball, err := filepath.Abs(filepath.Join(packages, "evercreds-"+p.version+".tgz"))
	if err != nil {
		return "", err
	}
	if _, err := p.run(folder, nil, "tar", "-xzf", tarball, "package/dist/evercreds.wasm"); err != nil {
		return "", err
	}
	same := [][2]string{
		{"imports.txt", "internal/wasm/testdata/imports.golden"},
		{"evercreds.wasm", filepath.Join(folder, "package", "dist", "evercreds.wasm")},
	}
	for _, each := range same {
		a, err := os.ReadFile(filepath.Join(folder, each[0]))
		if err != nil {
			return "", err
		}
		b, err := os.ReadFile(each[1])
		if err != nil {
			return "", err
		}
		if string(a) != string(b) {
			return "", fmt.Errorf("%s is not %s", each[0], each[1])
		}
	}
	return "the module of the npm package, and imports as the tests have them", nil
}

// command has the program keep what a source prints, and give it as AWS's tools take it.
func (p place) command(target string, emulated ...string) (string, error) {
	folder, err := p.unpacked("evercreds-command-V-"+target, ".tar.gz")
	if err != nil {
		return "", err
	}
	if err := p.listed(filepath.Join(folder, "evercreds"), folder, target); err != nil {
		return "", err
	}
	program := append(emulated, filepath.Join(folder, "evercreds"))
	said, err := p.run(folder, nil, append(program, "--version")...)
	if err != nil || !strings.Contains(said, "v"+p.version) {
		return "", fmt.Errorf("the command says it is %q: %v", said, err)
	}
	const source = `{"Version": 1, "AccessKeyId": "EXAMPLE", "SecretAccessKey": "secret", "SessionToken": "token", "Expiration": "2099-01-01T00:00:00Z"}`
	if err := write(filepath.Join(folder, "set.json"), source); err != nil {
		return "", err
	}
	env := []string{"HOME=" + folder, "XDG_STATE_HOME=" + filepath.Join(folder, "state"), "XDG_CACHE_HOME=" + filepath.Join(folder, "cache")}
	said, err = p.run(folder, env, append(program, "cache", "--", "cat", filepath.Join(folder, "set.json"))...)
	if err == nil && !strings.Contains(said, `"AccessKeyId":"EXAMPLE"`) && !strings.Contains(said, `"AccessKeyId": "EXAMPLE"`) {
		err = fmt.Errorf("evercreds cache said:\n%s", said)
	}
	return "tells its version, and gives the credentials of a source; the list of what is inside is complete", err
}

// lookedAt reads what a program is for, where it cannot run.
func (p place) lookedAt(target string) (string, error) {
	system, arch, _ := strings.Cut(target, "-")
	suffix, name := ".tar.gz", "evercreds"
	if system == "windows" {
		suffix, name = ".zip", "evercreds.exe"
	}
	folder, err := p.unpacked("evercreds-command-V-"+target, suffix)
	if err != nil {
		return "", err
	}
	program := filepath.Join(folder, name)
	is := ""
	if system == "windows" {
		f, err := pe.Open(program)
		if err != nil {
			return "", err
		}
		defer f.Close()
		is = map[uint16]string{pe.IMAGE_FILE_MACHINE_AMD64: "amd64", pe.IMAGE_FILE_MACHINE_ARM64: "arm64"}[f.Machine]
	} else {
		f, err := macho.Open(program)
		if err != nil {
			return "", err
		}
		defer f.Close()
		is = map[macho.Cpu]string{macho.CpuAmd64: "amd64", macho.CpuArm64: "arm64"}[f.Cpu]
	}
	if is != arch {
		return "", fmt.Errorf("%s is for %q", name, is)
	}
	if err := p.listed(program, folder, target); err != nil {
		return "", err
	}
	return "a program for " + target + "; the list of what is inside is complete", errNotRun
}
