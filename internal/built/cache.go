package built

import (
	"os"
	"path/filepath"
	"slices"
)

// keptModules is how many modules' machine code stays: those in use, and a few
// to go back to. Each takes 8 MB.
const keptModules = 4

// ModuleCache is the directory where wazero keeps the machine code of modules,
// for tests and for the executor beside it. wazero itself never deletes any, so
// what is oldest is deleted here: every change of the core makes a new module.
func ModuleCache() string {
	dir := filepath.Join(Root(), "build", "wazero-cache")
	PruneModules(dir)
	return dir
}

// PruneModules deletes all but the newest modules of such a directory. It is
// tidying: a file that cannot be deleted stays, and one that was in use is made
// again.
func PruneModules(dir string) {
	versions, _ := filepath.Glob(filepath.Join(dir, "wazero-*"))
	for _, version := range versions {
		files, _ := filepath.Glob(filepath.Join(version, "*"))
		slices.SortFunc(files, func(a, b string) int { return int(modified(b) - modified(a)) })
		for _, file := range files[min(keptModules, len(files)):] {
			_ = os.Remove(file)
		}
	}
}

// modified is when a file was written, in seconds. 0: it has gone.
func modified(file string) int64 {
	info, err := os.Stat(file)
	if err != nil {
		return 0
	}
	return info.ModTime().Unix()
}
