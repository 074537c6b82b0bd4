package cut

import (
	"io"
	"os"

	"golang.org/x/mod/sumdb/dirhash"
)

// hashOf is go.sum's checksum of a go.mod.
func hashOf(path string) (string, error) {
	return dirhash.Hash1([]string{"go.mod"}, func(string) (io.ReadCloser, error) { return os.Open(path) })
}
