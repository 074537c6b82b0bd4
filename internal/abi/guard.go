package abi

// guard runs one call on a handle's entry. A panic in it is a fault of the
// library. Its entry may be half changed, so it is never used again; all other
// handles still work.
func (e *entry) guard(call func() int32) (result int32) {
	defer func() {
		if recover() != nil {
			e.poisoned = true
			result = ErrPanic
		}
	}()
	return call()
}

// guardRule runs a call that has no handle, and so nothing to poison.
func guardRule(call func() int64) (result int64) {
	defer func() {
		if recover() != nil {
			result = ErrPanic
		}
	}()
	return call()
}
