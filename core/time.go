package core

// Now is the pair of instants that every event carries.
type Now struct {
	// Wall is milliseconds since the Unix epoch, from the clock that may step.
	Wall int64
	// Elapsed is milliseconds from a clock that never goes back and, if the host
	// has one, counts time asleep. Its origin does not matter.
	Elapsed int64
}

// clamped keeps a pair from a broken clock within bounds, so that arithmetic on
// instants cannot overflow.
func (n Now) clamped() Now {
	n.Wall = min(max(n.Wall, -maxInstant), maxInstant)
	n.Elapsed = min(max(n.Elapsed, 0), maxInstant)
	return n
}

// Never stands for "no such instant" in the fields of a [Decision] and for a
// set that has no expiry. It is far from any real instant, and exact in a
// 64-bit float.
const Never int64 = 1 << 52

const (
	second int64 = 1000
	minute       = 60 * second
	hour         = 60 * minute
)

// maxInstant bounds what is accepted as an instant (year 9999), so that no sum
// of instants and spans can reach Never.
const maxInstant int64 = 253402300800000

// add moves an instant by a span; Never stays Never.
func add(instant, span int64) int64 {
	if instant >= Never || span >= Never {
		return Never
	}
	return instant + span
}
