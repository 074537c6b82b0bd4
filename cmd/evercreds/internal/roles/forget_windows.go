package roles

import (
	"context"
	"os"
)

// forget removes a record; there is no file store on Windows, and so there is none.
func forget(_ context.Context, path string) error { return os.Remove(path) }
