//go:build linux || darwin

package share_test

import (
	"path/filepath"
	"testing"

	"github.com/evercreds/evercreds/share"
	"github.com/evercreds/evercreds/share/sharetest"
)

func TestFileKeepsTheRules(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a group")
	sharetest.Run(t, func() share.Store {
		f, err := share.File(dir)
		if err != nil {
			t.Fatal(err)
		}
		return f
	})
}
