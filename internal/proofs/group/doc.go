// Package group is a room with virtual time in which a few processes share one store:
// each is a real session of package core with the smallest host that there can be. The
// store is written from docs/concepts/sharing.md, and can fail in every way that is named there.
// Processes crash, and are stopped and continued, between any two of their steps.
//
// A step is the choice of one [Action] out of all that may happen next. [Every] takes all
// choices, in all orders, within a plan's horizon; [Random] draws them, over long times.
// Every looks at rooms once that no later step can tell apart (same.go).
// After every step the room checks the promises of sharing, by their numbers:
//
//	S1 a flight that is waited for is settled or in the air soon, whatever the store does
//	S2 no caller waits longer than that and the source, and in the advisory window none does
//	S3 no adopted set is believed to live longer than it does, and none is served too long
//	S4 a set that was given up is neither adopted nor published
//	S5 a flight has the turn that began last, or was kept for others' sake for long enough
//	S6 where nothing fails there is one flight for each refresh of the group
//	S7 no expiry goes back, in the store and in each member
//	S10 nobody gets an error that no attempt of this process had
//	S11 no session that was restored has a turn
//	S12 no two exclusive flights are in the air
//	S13 a process calls the store three times at most where nobody waits and nothing fails
//	S15 a flight whose store fails goes alone at once, and asks it once in each step of a ladder
package group
