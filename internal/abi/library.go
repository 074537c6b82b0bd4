package abi

import "github.com/evercreds/evercreds/core"

// Host is what the library calls. Both methods return at once, and may call the
// library, also to complete the very ticket, before they do.
type Host interface {
	RefreshBegin(session int32, ticket int64, method, cause int32)
	RefreshCancel(session int32, ticket int64)
}

// Library holds the handles that one host has open. Its methods are the
// exports, one to one; they are safe for concurrent use where there are threads.
// Nothing that a host passes makes them panic.
type Library struct {
	handles handles
	host    Host
}

// New makes a library with no open handles.
func New(host Host) *Library { return &Library{host: host} }

// ABIVersion is the export abi_version.
func (l *Library) ABIVersion() int32 { return Major<<16 | Minor }

// ABIFeatures is the export abi_features.
func (l *Library) ABIFeatures() int32 {
	const always = featureSessions | featureRules | featureHostCalls | featureShare
	if panicBuild {
		return always | featurePanicTest
	}
	return always
}

// tell calls the host functions for what a decision has started or ended. No
// lock is held here: the host may call back.
func (l *Library) tell(session int32, method core.Method, d *core.Decision) {
	if d.Cancelled != 0 {
		l.host.RefreshCancel(session, d.Cancelled)
	}
	if d.Started != 0 {
		l.host.RefreshBegin(session, d.Started, int32(method), int32(d.StartCause))
	}
}

// instants checks the time of an event.
func instants(wall, elapsed int64) (core.Now, bool) {
	ok := wall >= -maxInstant && wall <= maxInstant && elapsed >= -maxInstant && elapsed <= maxInstant
	return core.Now{Wall: wall, Elapsed: elapsed}, ok
}

// span checks a length of time, and anything else that counts up from 0.
func span(values ...int64) bool {
	for _, v := range values {
		if v < 0 || v > exact {
			return false
		}
	}
	return true
}

// source checks instants by the clock of a source, which may be as wrong as it
// likes: the core judges them.
func source(values ...int64) bool {
	for _, v := range values {
		if v < -exact || v > exact {
			return false
		}
	}
	return true
}

// truth checks a boolean.
func truth(v int32) bool { return v == 0 || v == 1 }
