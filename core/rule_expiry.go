package core

import "errors"

// The errors of ParseExpiry.
var (
	ErrExpiryNaive      = errors.New("evercreds: expiry must have an offset or Z: without one it names no instant")
	ErrExpiryUnreadable = errors.New("evercreds: expiry must be an RFC 3339 date and time, as in 2026-01-31T09:30:00Z")
)

// longestExpiry is far longer than any form of an expiry; hosts pass no more.
const longestExpiry = 256

// ParseExpiry reads an expiry as sources write it: RFC 3339 with Z or an
// offset, with or without a fraction, and the variants that AWS tools are known
// to write (a space for the T, "UTC" for Z, an offset without colon). The result
// is in milliseconds since the Unix epoch; finer digits are cut off, which errs
// early. A time without a zone is refused, since a guess that is wrong by hours is
// worse than an error. A time before 1970 is refused too, as no credentials expire
// then. A time after the year 9999 counts as the end of that year.
func ParseExpiry(text []byte) (int64, error) {
	if len(text) > longestExpiry {
		return 0, ErrExpiryUnreadable
	}
	p := reader{b: trim(text)}
	year, month, day := p.digits(4), p.lit('-').digits(2), p.lit('-').digits(2)
	if !p.bad && len(p.b) > 0 && (p.b[0] == 'T' || p.b[0] == 't' || p.b[0] == ' ') {
		p.b = p.b[1:]
	} else {
		p.bad = true
	}
	hours, minutes := p.digits(2), p.lit(':').digits(2)
	seconds, millis := p.lit(':').digits(2), p.fraction()
	if p.bad || !validDate(year, month, day) || hours > 23 || minutes > 59 || seconds > 60 {
		return 0, ErrExpiryUnreadable
	}
	if len(p.b) == 0 {
		return 0, ErrExpiryNaive
	}
	offset, ok := zone(p.b)
	if !ok {
		return 0, ErrExpiryUnreadable
	}
	clock := hours*hour + minutes*minute + min(seconds, 59)*second + millis - offset
	at := daysSinceEpoch(year, month, day)*24*hour + clock
	if at < 0 {
		return 0, ErrExpiryUnreadable // the zero times of several languages are in year 1
	}
	return min(at, maxInstant-1), nil // an offset may lead beyond the year 9999
}

// reader takes a text apart from the left; it is bad from the first mismatch on.
type reader struct {
	b   []byte
	bad bool
}

//go:noinline
func (p *reader) lit(c byte) *reader {
	if len(p.b) == 0 || p.b[0] != c {
		p.bad = true
		return p
	}
	p.b = p.b[1:]
	return p
}

//go:noinline
func (p *reader) digits(n int) int64 {
	if p.bad || len(p.b) < n {
		p.bad = true
		return 0
	}
	v := int64(0)
	for _, c := range p.b[:n] {
		if c < '0' || c > '9' {
			p.bad = true
			return 0
		}
		v = v*10 + int64(c-'0')
	}
	p.b = p.b[n:]
	return v
}

// fraction reads an optional fraction of a second into milliseconds.
func (p *reader) fraction() int64 {
	if p.bad || len(p.b) == 0 || p.b[0] != '.' && p.b[0] != ',' {
		return 0
	}
	p.b = p.b[1:]
	millis, n := int64(0), 0
	for ; len(p.b) > 0 && p.b[0] >= '0' && p.b[0] <= '9'; n++ {
		if n < 3 {
			millis = millis*10 + int64(p.b[0]-'0')
		}
		p.b = p.b[1:]
	}
	p.bad = p.bad || n == 0
	for ; n < 3; n++ {
		millis *= 10
	}
	return millis
}

// zone reads the rest of the text as an offset from UTC in milliseconds.
func zone(b []byte) (int64, bool) {
	switch s := string(b); s {
	case "Z", "z", "UTC", " UTC":
		return 0, true
	}
	sign := int64(1)
	switch b[0] {
	case '+':
	case '-':
		sign = -1
	default:
		return 0, false
	}
	p := reader{b: b[1:]}
	h := p.digits(2)
	if len(p.b) == 3 {
		p.lit(':')
	}
	m := p.digits(2)
	return sign * (h*hour + m*minute), !p.bad && len(p.b) == 0 && h <= 23 && m <= 59
}

func trim(b []byte) []byte {
	blank := func(c byte) bool { return c == ' ' || c == '\n' || c == '\r' || c == '\t' }
	for len(b) > 0 && blank(b[0]) {
		b = b[1:]
	}
	for len(b) > 0 && blank(b[len(b)-1]) {
		b = b[:len(b)-1]
	}
	return b
}

//go:noinline
func validDate(y, m, d int64) bool {
	if m < 1 || m > 12 || d < 1 {
		return false
	}
	leap := y%4 == 0 && (y%100 != 0 || y%400 == 0)
	most := [...]int64{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}[m-1]
	return d <= most || m == 2 && leap && d == 29
}

// daysSinceEpoch counts days of the proleptic Gregorian calendar from
// 1970-01-01. Years begin in March here, so that the leap day ends them.
//
//go:noinline
func daysSinceEpoch(y, m, d int64) int64 {
	if m <= 2 {
		y, m = y-1, m+12
	}
	const to1970 = 719468 // days from 0000-03-01
	return 365*y + y/4 - y/100 + y/400 + (153*(m-3)+2)/5 + d - 1 - to1970
}
