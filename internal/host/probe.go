package host

// Sets returns the number of sets that are kept. It is for tests.
func (h *Host) Sets() int {
	h.Lock.Lock()
	defer h.Lock.Unlock()
	return len(h.sets)
}

// LoseTimer stops the timer, as if it never fired. It is for tests.
func (h *Host) LoseTimer() {
	h.Lock.Lock()
	defer h.Lock.Unlock()
	h.timer.Stop()
}

// DropLease makes the next caller ask the machine. It is for tests.
func (h *Host) DropLease() { h.lease.Store(nil) }
