package host

// Sets tells how many sets of credentials are kept: for tests of who has a host.
func (h *Host) Sets() int {
	h.Lock.Lock()
	defer h.Lock.Unlock()
	return len(h.sets)
}

// LoseTimer stops the timer as if it never fired: for tests of who has a host.
func (h *Host) LoseTimer() {
	h.Lock.Lock()
	defer h.Lock.Unlock()
	h.timer.Stop()
}

// DropLease has the next caller come to the machine: for tests of who has a host.
func (h *Host) DropLease() { h.lease.Store(nil) }
