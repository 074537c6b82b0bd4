package abi

// lock does nothing: a wasm instance has one thread, and waiting for a lock
// there would trap.
type lock struct{}

func (*lock) Lock()   {}
func (*lock) Unlock() {}
