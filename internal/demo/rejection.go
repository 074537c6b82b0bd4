package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/evercreds/evercreds/internal/proofs/workers"
)

// rejectAfter is the age at which a set is rejected: its callers are at work, and
// the outage, which comes later in its life, does not meet the refresh that the
// rejection calls for.
const (
	rejectAfter  = 700 * time.Millisecond
	rejectBefore = lifetime - outageTo - 300*time.Millisecond
)

// rejectOnce has the services reject one set of each language in the middle of its
// life, as AWS does with a set that was revoked: the second set, or one after that
// where this program came too late for it. It ends with the context.
func (s *scene) rejectOnce(ctx context.Context) {
	waiting := slices.Clone(workers.Languages)
	for len(waiting) > 0 {
		select {
		case <-ctx.Done():
			return
		case <-time.After(50 * time.Millisecond):
		}
		counts, now := s.standIn.Counts(), s.standIn.Now()
		waiting = slices.DeleteFunc(waiting, func(language string) bool {
			sets := counts.Roles[s.role(language)].Issued
			if len(sets) < 2 {
				return false
			}
			newest := sets[len(sets)-1]
			age := now.Sub(time.UnixMilli(newest.AtMs))
			return age >= rejectAfter && age < rejectBefore && s.standIn.Revoke(newest.AccessKeyID) == nil
		})
	}
}

// rejected says what is wrong with how a rejection went, or nothing.
func (s *scene) rejected(r report) string {
	if s.standIn != nil && r.Rejected != 1 {
		return fmt.Sprintf("noticed %d rejections of its credentials, not the one", r.Rejected)
	}
	return ""
}
