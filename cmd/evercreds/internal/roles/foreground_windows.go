package roles

import "os"

// inForeground is always so: no process is stopped here for reading from the console.
func inForeground(*os.File) bool { return true }
