package hostfuncs

import (
	"embed"
	"errors"
)

// released holds the module, where there is one: it embeds a directory, so that a
// checkout in which nothing was built compiles too.
//
//go:embed module
var released embed.FS

// embedded gives the module of this release. Tests have one of their own.
var embedded = func() ([]byte, error) {
	b, err := released.ReadFile("module/evercreds.wasm")
	if err != nil {
		return nil, errors.New("hostfuncs: this checkout has no module embedded: run ./task build:wasm, or set Config.Module")
	}
	return b, nil
}
