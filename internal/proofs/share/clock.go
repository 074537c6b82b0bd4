//go:build go1.25

package main

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"time"
)

// shifted is what has a program see a wall clock that is wrong: the environment for it.
// Go's programs ask the kernel themselves, and see the right time.
func (l *lab) shifted(ctx context.Context, by time.Duration) ([]string, error) {
	library := filepath.Join(l.dir, "clock.so")
	argv := []string{"-shared", "-fPIC", "-O1", "-o", library, filepath.Join("internal", "proofs", "share", "clock", "clock.c")}
	if said, err := exec.CommandContext(ctx, "cc", argv...).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("cc: %w: %s", err, said)
	}
	return []string{"LD_PRELOAD=" + library, fmt.Sprintf("CLOCK_SHIFT=%d", int(by.Seconds()))}, nil
}
