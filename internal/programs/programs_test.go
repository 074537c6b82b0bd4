package programs

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A program that takes too long ends, and what it has started ends with it.
func TestNothingOutlivesItsProgram(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("what /proc tells is of Linux")
	}
	var out bytes.Buffer
	err := Run(t.Context(), &out, time.Second, "", os.Environ(), "sh", "-c", "sleep 600 >/dev/null 2>&1 & echo $!; wait")
	child, bad := strconv.Atoi(strings.TrimSpace(out.String()))
	if err == nil || !strings.Contains(err.Error(), "did not end within 1s") || bad != nil {
		t.Fatalf("got %v, %q", err, out.String())
	}
	for range 1000 { // until init, or whoever has its place, has buried it
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", child))
		if err != nil || strings.Contains(string(stat), ") Z ") {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	_ = syscall.Kill(child, syscall.SIGKILL)
	t.Error("what the program has started goes on")
}
