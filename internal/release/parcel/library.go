package main

import (
	"debug/elf"
	"fmt"
	"strings"
)

// checkLibrary refuses a library that is not as releases have it: one that exports names of
// others could meet theirs in a process.
func checkLibrary(path string) error {
	f, err := elf.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	symbols, err := f.DynamicSymbols()
	if err != nil {
		return err
	}
	ours := 0
	for _, s := range symbols {
		if s.Section == elf.SHN_UNDEF {
			continue
		}
		if !strings.HasPrefix(s.Name, "evercreds_") {
			return fmt.Errorf("%s exports %s, which is none of ours: build it with tools/package/library.sh", path, s.Name)
		}
		ours++
	}
	if ours == 0 {
		return fmt.Errorf("%s exports nothing", path)
	}
	_, err = sonameOf(path)
	return err
}

func sonameOf(path string) (string, error) {
	f, err := elf.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	names, err := f.DynString(elf.DT_SONAME)
	if err != nil {
		return "", err
	}
	if len(names) != 1 {
		return "", fmt.Errorf("%s has %d SONAMEs, want 1: build it with tools/package/library.sh", path, len(names))
	}
	return names[0], nil
}

// inLibrary lists what is inside of the shared library.
func inLibrary(path string) ([]part, error) {
	parts, err := inGo(path)
	if err != nil {
		return nil, err
	}
	linked, err := inLinker()
	return append(parts, linked...), err
}
