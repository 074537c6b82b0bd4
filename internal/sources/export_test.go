package sources

import "time"

// SetCommandTime sets what a command has that asks nobody, and gives the function
// that sets it back.
func SetCommandTime(d time.Duration) (back func()) {
	before := commandTime
	commandTime = d
	return func() { commandTime = before }
}
