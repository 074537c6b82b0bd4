//go:build wasip1

package main

import (
	"unsafe"

	"github.com/evercreds/evercreds/core"
	"github.com/evercreds/evercreds/internal/abi"
)

// host passes on what the library tells to the imported functions.
type host struct{}

func (host) RefreshBegin(session int32, ticket int64, method, cause int32) {
	refreshBegin(session, float64(ticket), method, cause)
}

func (host) RefreshCancel(session int32, ticket int64) { refreshCancel(session, float64(ticket)) }

var library = abi.New(host{})

// The static memory that hosts read and write. The Go runtime never moves it.
var (
	buffer [abi.BufferBytes]byte
	slots  [abi.SlotCount]float64
)

//go:wasmexport evercreds_buffer_address
func bufferAddress() int32 { return int32(uintptr(unsafe.Pointer(&buffer))) }

//go:wasmexport evercreds_buffer_capacity
func bufferCapacity() int32 { return abi.BufferBytes }

//go:wasmexport evercreds_decision_address
func decisionAddress() int32 { return int32(uintptr(unsafe.Pointer(&slots))) }

// write puts a decision into the slots: after the host functions have run, which
// may have written decisions of their own there.
func write(d *core.Decision, result int32) int32 {
	if result >= 0 {
		fill(&slots, d)
	}
	return result
}

// whole tells whether all values are integers that no other integer rounds to.
func whole(values ...float64) bool {
	const exact = 1<<53 - 1
	for _, v := range values {
		if !(v >= -exact && v <= exact) || v != float64(int64(v)) {
			return false
		}
	}
	return true
}

func fits(length int32) bool { return length >= 0 && length <= abi.BufferBytes }

func hash(low, high int32) uint64 { return uint64(uint32(high))<<32 | uint64(uint32(low)) }
