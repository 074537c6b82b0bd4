// Package sim is a room with virtual time in which a session of package core
// lives through random histories: callers with and without a least time to
// live, a source that fails in every known way, timers that get lost, clocks
// that step and drift, machines that sleep, processes that are restored from
// snapshots.
//
// After every event the room checks the invariants of the refresh machine, one
// function for each, named by its number. Every choice comes from a [Chooser],
// so that a seed, or a property-testing library that shrinks, decides the whole
// history. [Run] plays one; the error that it returns names the invariant and
// ends with the last events.
//
// A [Fleet] is many such rooms with one source, in a life that is the same for all:
// an outage, a revocation, a throttled source, restarts, other base keys.
package sim
