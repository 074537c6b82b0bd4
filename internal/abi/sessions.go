package abi

import "github.com/evercreds/evercreds/core"

// SessionNew is the export session_new.
func (l *Library) SessionNew() int32 { return l.handles.add(core.New(), false) }

// SessionOption is the export session_option.
func (l *Library) SessionOption(session, option int32, value float64) int32 {
	return l.handles.withSession(session, func(e *entry) int32 {
		switch {
		case e.opened:
			return ErrState
		case option <= 0 || core.Option(option) > lastOption:
			return ErrOption
		case e.session.Set(core.Option(option), value) != nil:
			return ErrOptionValue - option
		}
		return 0
	})
}

// SessionOpen is the export session_open.
func (l *Library) SessionOpen(session int32, wall, elapsed int64, seed uint64, out *core.Decision) int32 {
	now, ok := instants(wall, elapsed)
	var method core.Method
	result := l.handles.withSession(session, func(e *entry) int32 {
		switch {
		case e.opened:
			return ErrState
		case !ok:
			return ErrArgument
		}
		d, err := e.session.Open(now, seed)
		if err != nil {
			return refusal(err)
		}
		*out, method, e.opened = d, e.session.Method(), true
		return 0
	})
	if result == 0 {
		l.tell(session, method, out)
	}
	return result
}

// refusal is the code for what Open did not accept.
func refusal(err error) int32 {
	if bad, ok := err.(*core.OptionError); ok {
		return ErrOptionValue - int32(bad.Option)
	}
	return ErrState
}

// SessionRestore is the export session_restore.
func (l *Library) SessionRestore(snapshot []byte, wall, elapsed int64, seed uint64, out *core.Decision) int32 {
	now, ok := instants(wall, elapsed)
	if !ok {
		return ErrArgument
	}
	var restored *core.Session
	result := guardRule(func() int64 {
		s, d, err := core.Restore(snapshot, now, seed)
		switch err {
		case nil:
			restored, *out = s, d
			return 0
		case core.ErrSnapshotVersion:
			return ErrSnapshotVersion
		}
		return ErrSnapshot
	})
	if result < 0 {
		return int32(result)
	}
	method := restored.Method()
	session := l.handles.add(restored, true)
	if session > 0 {
		l.tell(session, method, out)
	}
	return session
}

// SessionSnapshot is the export session_snapshot. The length is how much of the
// buffer the caller filled, which is not read here.
func (l *Library) SessionSnapshot(session int32, buffer []byte, length int32) int32 {
	return l.handles.withSession(session, func(e *entry) int32 {
		if !e.opened {
			return ErrState
		}
		b := e.session.AppendSnapshot(buffer[:0])
		if len(b) > len(buffer) {
			return ErrCapacity
		}
		return int32(len(b))
	})
}

// SessionClose is the export session_close.
func (l *Library) SessionClose(session int32, out *core.Decision) int32 {
	var method core.Method
	result := l.handles.withSession(session, func(e *entry) int32 {
		if !e.opened {
			return ErrState
		}
		*out, method = e.session.Close(), e.session.Method()
		return 0
	})
	if result == 0 {
		l.tell(session, method, out)
	}
	return result
}

// SessionFree is the export session_free.
func (l *Library) SessionFree(session int32) int32 { return l.handles.remove(session) }

// SessionStatus is the export session_status.
func (l *Library) SessionStatus(session int32, wall, elapsed int64, field int32) int64 {
	now, ok := instants(wall, elapsed)
	known := field > 0 && field <= int32(lastStatus)
	value := int64(0)
	result := l.handles.withSession(session, func(e *entry) int32 {
		switch {
		case !e.opened:
			return ErrState
		case !ok || !known:
			return ErrArgument
		}
		value = e.session.Status(core.Field(field), now)
		return 0
	})
	if result < 0 {
		return int64(result)
	}
	return value
}
