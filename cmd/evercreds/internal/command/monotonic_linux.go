package command

import "golang.org/x/sys/unix"

// monotonicUS is the clock by which systemd orders a reload.
func monotonicUS() int64 {
	var t unix.Timespec
	if unix.ClockGettime(unix.CLOCK_MONOTONIC, &t) != nil {
		return 0
	}
	return t.Nano() / 1000
}
