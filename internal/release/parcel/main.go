// Command parcel makes of what was built what a release hands out: it puts in beside each
// product its licence, the notices of all that is inside from others, and a list of that
// (an SBOM), and packs it so that the same input gives the same bytes:
//
//	parcel python LIBRARY DIRECTORY     a copy of bindings/python to build the wheel from
//	parcel node DIRECTORY               a copy of bindings/node to pack
//	parcel c LIBRARY ARCH OUT           the bundle for C
//	parcel wasm OUT                     the WASI module
//	parcel command BINARY OS ARCH OUT   the command evercreds
//	parcel sums OUT                     the checksums of all that is in OUT
//
// It runs in the root of the project; ./task package calls it.
package main

import (
	"fmt"
	"os"

	"github.com/evercreds/evercreds/internal/release/tree"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "package:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	version, err := tree.Version(".")
	if err != nil {
		return err
	}
	p := packer{version: version}
	switch words := len(args); {
	case words == 3 && args[0] == "python":
		return p.python(args[1], args[2])
	case words == 2 && args[0] == "node":
		return p.node(args[1])
	case words == 4 && args[0] == "c":
		return p.c(args[1], args[2], args[3])
	case words == 2 && args[0] == "wasm":
		return p.wasm(args[1])
	case words == 5 && args[0] == "command":
		return p.command(args[1], args[2], args[3], args[4])
	case words == 2 && args[0] == "sums":
		return sums(args[1], version)
	}
	return fmt.Errorf("no such command: %q (the first lines of internal/release/parcel/main.go list them)", args)
}

type packer struct{ version string }
