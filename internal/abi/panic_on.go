//go:build evercreds_panic

package abi

import "sync"

const panicBuild = true

// TestPanic is the export test_panic of builds that panic on purpose: a fault
// of the library in the middle of a call on this session.
func (l *Library) TestPanic(session int32) int32 {
	return l.handles.withSession(session, func(*entry) int32 { panic("evercreds: on purpose") })
}

// TestFatal is the export test_fatal of such builds: an error of the Go runtime
// that nothing can recover from.
func (l *Library) TestFatal() int32 {
	var m sync.Mutex
	m.Unlock()
	return 0
}
