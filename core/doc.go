// Package core is the refresh machine of evercreds: it decides when temporary
// AWS credentials are refreshed, who waits for a refresh, and what everybody else
// gets in the meantime.
//
// # Theory of operation
//
// A [Session] is a state machine without clock, thread, randomness or network.
// Every event carries the time as a [Now] pair. The answer to every event is one
// [Decision], which says what the caller is to do and what must happen outside
// (a flight to start, one to cancel, the next instant to wake at). A flight is one
// refresh; its ticket is its number. The machine knows a set of credentials by its
// expiry, by a 64-bit fingerprint and by the ticket of the flight that brought it:
// no secret ever enters.
//
// A host drives a session like this:
//
//  1. [New], [Session.Set] for each option, [Session.Open].
//  2. For each caller that has no valid lease, or whose set a service refused:
//     [Session.Ask], with its [Need]. A caller told to Wait (or Refresh) sleeps
//     until the flight is settled or its deadline comes, and then calls
//     [Session.Answer], never Ask again. One told to Wait without a ticket sleeps
//     until the deadline or a void decision, and asks again.
//  3. Whenever a Decision has Started != 0, run that flight and report it once
//     with [Session.Complete], [Session.Fail] or [Session.Abandon].
//  4. Whenever a Decision has Settled != 0, wake the waiters of that ticket.
//     Whenever it has Void != 0, drop the lease, and wake those who wait without
//     a ticket. Keep no set but the one that it names as Held.
//  5. Call [Session.Wake] at Decision.NextWake. Late, early and repeated calls
//     are harmless; a host without timers stays correct, since every event does
//     first what Wake would have done.
//
// With several goroutines, an event and acting on its decision are one step under
// one lock of the host's, and a caller that is told to wait takes what it will sleep
// on in that step. Otherwise a rejected set is served for as long as a lease lasts,
// or a caller sleeps through its wake-up; docs/reference/host.md has the whole loop.
//
// The same inputs give the same outputs, byte for byte, in every host.
package core
