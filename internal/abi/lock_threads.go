//go:build !wasm

package abi

import "sync"

// lock is a mutex where hosts have threads.
type lock struct{ sync.Mutex }
