package abi

// guard runs one call on a handle's entry. A panic in it is a fault of the
// library: what it touched may be half done, so it is never used again, while
// all other handles go on.
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
