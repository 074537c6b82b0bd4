package main

import "C"

import (
	"unsafe"

	"github.com/evercreds/evercreds/core"
	"github.com/evercreds/evercreds/internal/abi"
)

var library = abi.New(host{})

// bytesAt is the caller's memory as a slice, or not ok: a null pointer, lengths
// that make no sense, or a range that runs over the end of the address space.
func bytesAt(p unsafe.Pointer, length, capacity int32) (b []byte, ok bool) {
	if length < 0 || capacity < length || p == nil && capacity > 0 {
		return nil, false
	}
	if left := -uintptr(p); p != nil && uintptr(capacity) > left { // to the end of the address space
		return nil, false
	}
	return unsafe.Slice((*byte)(p), capacity), true
}

// write puts a decision into the caller's struct.
func write(out unsafe.Pointer, d *core.Decision, result int32) int32 {
	if result >= 0 {
		fill((*[abi.SlotCount]int64)(out), d)
	}
	return result
}
