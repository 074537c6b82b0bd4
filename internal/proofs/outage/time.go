package main

// Times are milliseconds. True time begins at 0; the hosts' and the service's
// clocks show it from here on.
const (
	second = int64(1000)
	minute = 60 * second
	hour   = 60 * minute
	epoch  = int64(1_800_000_000_000)
)
