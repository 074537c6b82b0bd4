package built

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestTheNewestModulesStay(t *testing.T) {
	dir := t.TempDir()
	version := filepath.Join(dir, "wazero-v0")
	if err := os.Mkdir(version, 0o700); err != nil {
		t.Fatal(err)
	}
	names := []string{"c", "a", "f", "e", "b", "d"} // the oldest first
	for i, name := range names {
		file := filepath.Join(version, name)
		if err := os.WriteFile(file, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		at := time.Unix(int64(1_700_000_000+i), 0)
		if err := os.Chtimes(file, at, at); err != nil {
			t.Fatal(err)
		}
	}
	PruneModules(dir)
	PruneModules(filepath.Join(dir, "nowhere"))
	for i, name := range names {
		_, err := os.Stat(filepath.Join(version, name))
		if gone, old := os.IsNotExist(err), i < len(names)-keptModules; gone != old {
			t.Errorf("module %d of %d: gone=%v", i+1, len(names), gone)
		}
	}
}
