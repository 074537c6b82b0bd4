//go:build !linux

package command

// monotonicUS is 0: there is no systemd here.
func monotonicUS() int64 { return 0 }
