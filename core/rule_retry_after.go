package core

// maxRetryAfter bounds the pause that a service may ask for. The machine heeds at
// most a minute of it.
const maxRetryAfter = hour

// RetryAfter reads the pause that a reply asks for, in milliseconds, at most an
// hour. x-amz-retry-after has whole milliseconds (AWS's Retry Behavior 2.1, 2026).
// Retry-After has whole seconds or a date (RFC 9110, 10.2.3), which counts from
// wall: best the reply's own Date, so that a wrong clock here does not matter. A text
// that cannot be read asks for no pause: 0.
func RetryAfter(text []byte, inMilliseconds bool, wall int64) int64 {
	text = trim(text)
	if n, ok := whole(text); ok {
		if !inMilliseconds {
			n *= second
		}
		return min(n, maxRetryAfter)
	}
	if at, ok := httpDate(text); ok && !inMilliseconds {
		return min(max(at-wall, 0), maxRetryAfter)
	}
	return 0
}

// whole reads digits and nothing else; it stops counting far above the bound.
func whole(text []byte) (n int64, ok bool) {
	for _, c := range text {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = min(n*10+int64(c-'0'), maxRetryAfter)
	}
	return n, len(text) > 0
}

// httpDate reads "Sun, 06 Nov 1994 08:49:37 GMT", the one form of a date that
// servers may still write.
func httpDate(text []byte) (int64, bool) {
	const months = "JanFebMarAprMayJunJulAugSepOctNovDec"
	if len(text) != 29 || string(text[3:5]) != ", " || string(text[25:]) != " GMT" {
		return 0, false
	}
	month := int64(0)
	for i := 0; i < len(months); i += 3 {
		if months[i:i+3] == string(text[8:11]) {
			month = int64(i/3 + 1)
		}
	}
	p := reader{b: text[5:]}
	day := p.digits(2)
	p.lit(' ')
	if p.bad || len(p.b) < 4 {
		return 0, false
	}
	p.b = p.b[3:]
	year := p.lit(' ').digits(4)
	hours, minutes, seconds := p.lit(' ').digits(2), p.lit(':').digits(2), p.lit(':').digits(2)
	if p.bad || !validDate(year, month, day) || hours > 23 || minutes > 59 || seconds > 60 {
		return 0, false
	}
	return daysSinceEpoch(year, month, day)*24*hour + hours*hour + minutes*minute + min(seconds, 59)*second, true
}
