package awstest

import (
	"strconv"
	"time"
)

// wireCredentials is a set as STS and the IoT provider write it.
type wireCredentials struct {
	AccessKeyID     string `xml:"AccessKeyId,omitempty" json:"accessKeyId,omitempty"`
	SecretAccessKey string `xml:",omitempty" json:"secretAccessKey,omitempty"`
	SessionToken    string `xml:",omitempty" json:"sessionToken,omitempty"`
	Expiration      string `xml:",omitempty" json:"expiration,omitempty"`
}

// issue makes the set that a call gets, as its fault wants it. spoil is the
// code under which a set that is of no use is counted. asked is the lifetime
// that the call asks for, unless an override is in force.
func (s *Server) issue(c *call, who principal, asked time.Duration) (wire wireCredentials, spoil string) {
	var set issued
	old, again := issued{}, false
	if c.fault.Kind == KindFixed {
		old, again = s.vault.last(c.source)
	}
	switch {
	case again:
		set = old
	case c.fault.Kind == KindExpired:
		ago := time.Duration(c.fault.OffsetMs) * time.Millisecond
		if ago == 0 {
			ago = time.Minute
		}
		set, spoil = s.vault.issue(who, s.Now().Truncate(time.Second).Add(-ago)), "ExpiredReply"
	default:
		set = s.vault.issue(who, s.expiry(c.source, asked))
	}
	if size, err := strconv.Atoi(c.form.Get(tokenSize)); err == nil {
		set = s.vault.lengthen(set, size)
	}
	wire = wireCredentials{
		AccessKeyID:     set.AccessKeyID,
		SecretAccessKey: set.SecretAccessKey,
		SessionToken:    set.SessionToken,
		Expiration:      instant(set.Expires.Add(c.shift)),
	}
	if wire.spoil(&c.fault) {
		spoil = "MalformedReply"
	}
	if spoil == "" && c.fault.Kind != KindTruncated && !again {
		s.vault.settle(set)
		s.counter.issued(c, set, s.Now())
	}
	return wire, spoil
}

// expiry is the instant at which a set issued now ends. Lifetimes asked for end
// on a whole second, as AWS's do; overrides are exact to the millisecond,
// because a second is much of a lifetime of two.
func (s *Server) expiry(source string, asked time.Duration) time.Time {
	now := s.Now().UTC()
	if d := s.settings.override(source); d > 0 {
		return now.Truncate(time.Millisecond).Add(d)
	}
	return now.Truncate(time.Second).Add(asked)
}

// spoil damages the set as a fault says, and tells whether it did.
func (w *wireCredentials) spoil(f *Fault) bool {
	switch f.Kind {
	case KindMissingField:
		*w.field(or(f.Field, "SessionToken")) = ""
	case KindBadField:
		*w.field(or(f.Field, "SessionToken")) = f.Value
	case KindBadExpiration:
		w.Expiration = or(f.Expiration, "not-a-time")
	default:
		return false
	}
	return true
}

func (w *wireCredentials) field(name string) *string {
	switch name {
	case "AccessKeyId":
		return &w.AccessKeyID
	case "SecretAccessKey":
		return &w.SecretAccessKey
	case "Expiration":
		return &w.Expiration
	}
	return &w.SessionToken
}

// instant writes a time as AWS does, with milliseconds only where it has some.
func instant(t time.Time) string {
	if t.Nanosecond() != 0 {
		return t.UTC().Format("2006-01-02T15:04:05.000Z")
	}
	return t.UTC().Format("2006-01-02T15:04:05Z")
}
