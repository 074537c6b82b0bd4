//go:build go1.25

package hostexecutor

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/evercreds/evercreds"
	"github.com/evercreds/evercreds/core"
	"github.com/evercreds/evercreds/internal/abi/words"
	"github.com/evercreds/evercreds/internal/host"
	"github.com/evercreds/evercreds/internal/millis"
	"github.com/evercreds/evercreds/internal/sources"
)

// session is a session as users have it, and the host in it for what its clients do.
type session struct {
	*evercreds.Session
	host *host.Host
}

// openSession opens one in the place that is played.
func (p *play) openSession(options []host.Setting) (s *session, err error) {
	place := p.place
	joined := place.Joined
	s = &session{}
	place.Clock, place.Seed, place.Options, place.Group = p.now, 1, options, p.store
	place.Joined = func(h *host.Host, close func()) {
		if s.host = h; joined != nil {
			joined(h, close)
		}
	}
	told := func(e evercreds.Event) { p.told(s, e) }
	s.Session, err = evercreds.New(p.source, host.In(place).(evercreds.Option), evercreds.WithEvents(told))
	if err != nil {
		return nil, err
	}
	return s, nil
}

// ask is for a caller; refused is nil where there is no evidence.
func (s *session) ask(ctx context.Context, minTTL time.Duration, refused *aws.Credentials, evidence core.Evidence) (aws.Credentials, error) {
	switch {
	case evidence == core.EvidenceWeak: // as the clients' hook reports it
		return s.host.Credentials(ctx, core.Need{
			MinTTL: millis.Of(minTTL), Other: sources.FingerprintOf(refused.AccessKeyID, refused.SessionToken), Evidence: evidence,
		})
	case refused != nil:
		return s.Credentials(ctx, evercreds.MinTTL(minTTL), evercreds.OtherThan(*refused))
	case minTTL != 0:
		return s.Credentials(ctx, evercreds.MinTTL(minTTL))
	}
	return s.Retrieve(ctx)
}

// told writes an event of the session's.
func (p *play) told(s *session, e evercreds.Event) {
	told := "told " + string(e.Kind)
	also := func(is bool, word string) {
		if is {
			told += " " + word
		}
	}
	switch e.Kind {
	case evercreds.EventStart:
		told += " " + e.Cause.String()
	case evercreds.EventRefresh, evercreds.EventDegraded:
		told += " left=" + s.span(e.Remaining, core.StatusRemaining)
	case evercreds.EventFailure:
		told += " " + reason(e.Err)
		also(e.Waited, "waited")
	case evercreds.EventRejection:
		told += " " + string(e.Scope)
		also(e.Spaced, "spaced")
	case evercreds.EventShare:
		told += " " + e.Share
		also(e.Reason != "", e.Reason)
	}
	p.say("%s", told)
}

// span writes a time in milliseconds. Of one that is too long for Go the machine says more.
func (s *session) span(d time.Duration, of core.Field) string {
	if d != evercreds.Forever {
		return strconv.FormatInt(d.Milliseconds(), 10)
	}
	var ms int64
	s.host.Look(func(m host.Machine, now core.Now) { ms, _ = m.Status(of, now) })
	if ms >= core.Never {
		return "never"
	}
	return strconv.FormatInt(ms, 10)
}

// status writes fields by their names to users.
func (p *play) status(names []string) {
	text := "status"
	status := p.session.Status()
	for _, name := range names {
		text += " " + name + "=" + p.session.field(status, name)
	}
	p.say("%s", text)
}

// field shows a field of a Status by the table's name for it, which is Go's too.
func (s *session) field(status evercreds.Status, name string) string {
	i := slices.IndexFunc(words.Fields, func(f words.Field) bool { return f.Name == name })
	if i < 0 || words.Fields[i].Unit == words.Hidden {
		return "unknown"
	}
	last := status.LastError
	if last == nil {
		last = &evercreds.Error{}
	}
	switch words.Fields[i].Field {
	case core.StatusLastCode:
		if last.Code == 0 {
			return "none"
		}
		return reason(last)
	case core.StatusLastClass:
		return last.Class.String()
	}
	camel := ""
	for word := range strings.SplitSeq(name, "_") {
		camel += strings.ToUpper(word[:1]) + word[1:]
	}
	switch v := reflect.ValueOf(status).FieldByName(camel).Interface().(type) {
	case time.Duration:
		return s.span(v, words.Fields[i].Field)
	default: // a phase, a truth or a count
		return fmt.Sprint(v)
	}
}
