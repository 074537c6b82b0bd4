//go:build go1.25

package evercreds_test

import (
	"testing"

	"github.com/evercreds/evercreds/core"
	"github.com/evercreds/evercreds/internal/host"
	"github.com/evercreds/evercreds/internal/hostexecutor"
)

func TestHostExecutor(t *testing.T) {
	hostexecutor.ForTheRunner(t)
	hostexecutor.Run(t, host.Place{}, restoreCore)
}

// restoreCore has a session go on from a snapshot. The core beside it in the program has
// no faults of its own.
func restoreCore(h *host.Host) (err error) {
	h.Look(func(m host.Machine, _ core.Now) {
		machine := m.(host.Core).Session
		snapshot := machine.AppendSnapshot(nil)
		err = h.Restore(func(now core.Now) (core.Decision, error) {
			fresh, d, err := core.Restore(snapshot, now, 1)
			if err == nil {
				*machine = *fresh
			}
			return d, err
		})
	})
	return err
}
