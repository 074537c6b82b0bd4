package core_test

import (
	"bytes"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/evercreds/evercreds/core"
)

func TestParseExpiry(t *testing.T) {
	const base = 1769851800000 // 2026-01-31T09:30:00Z
	for text, want := range map[string]int64{
		"2026-01-31T09:30:00Z":                           base,
		"2026-01-31t09:30:00z":                           base,
		"2026-01-31 09:30:00Z":                           base,
		"2026-01-31 09:30:00 UTC":                        base,
		"2026-01-31T09:30:00UTC":                         base,
		"2026-01-31T09:30:00+00:00":                      base,
		"2026-01-31T09:30:00-00:00":                      base,
		"2026-01-31T09:30:00+0000":                       base,
		"2026-01-31T11:30:00+02:00":                      base,
		"2026-01-31T04:00:00-05:30":                      base,
		"2026-02-01T09:29:00+23:59":                      base,
		" 2026-01-31T09:30:00Z\r\n":                      base,
		"2026-01-31T09:30:00.5Z":                         base + 500,
		"2026-01-31T09:30:00,25Z":                        base + 250,
		"2026-01-31T09:30:00.123456Z":                    base + 123,
		"2026-01-31T09:30:00.999999999Z":                 base + 999, // cut off: never later than meant
		"2026-01-31T09:30:00.000000Z":                    base,
		"2026-01-31T09:30:60Z":                           base + 59000, // a leap second
		"2024-02-29T00:00:00Z":                           1709164800000,
		"2000-02-29T00:00:00Z":                           951782400000,
		"1970-01-01T00:00:00Z":                           0,
		"9999-12-31T23:59:59Z":                           253402300799000,
		"2026-01-31T09:30:00.1234567890123456789012345Z": base + 123,
	} {
		if got, err := core.ParseExpiry([]byte(text)); err != nil || got != want {
			t.Errorf("%q: %d, %v; want %d", text, got, err, want)
		}
	}
	for _, text := range []string{
		"2026-01-31T09:30:00", "2026-01-31 09:30:00", "2026-01-31T09:30:00.5", " 2026-01-31T09:30:00 ",
	} {
		if _, err := core.ParseExpiry([]byte(text)); !errors.Is(err, core.ErrExpiryNaive) {
			t.Errorf("%q: %v", text, err)
		}
	}
	for _, text := range []string{
		"", " ", "Z", "never", "1769851800", "2026-01-31", "2026-01-31T", "2026-01-31T09:30Z", "20260131T093000Z",
		"2026-02-29T00:00:00Z", "1900-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-04-31T00:00:00Z",
		"2026-01-00T00:00:00Z", "2026-01-31T24:00:00Z", "2026-01-31T09:60:00Z", "2026-01-31T09:30:61Z",
		"2026-01-31T09:30:00.Z", "2026-01-31T09:30:00+24:00", "2026-01-31T09:30:00+02:60", "2026-01-31T09:30:00+2",
		"2026-01-31T09:30:00+02", "2026-01-31T09:30:00ZZ", "2026-01-31T09:30:00 CET", "2026-01-31T09:30:00 Z",
		"+026-01-31T09:30:00Z", "2026-1-31T09:30:00Z", "2026-01-31T 9:30:00Z", "２026-01-31T09:30:00Z",
		"Sat, 31 Jan 2026 09:30:00 GMT", "0001-01-01T00:00:00Z", "1969-12-31T23:59:59.980Z", "1970-01-01T00:00:00+01:00",
	} {
		if at, err := core.ParseExpiry([]byte(text)); !errors.Is(err, core.ErrExpiryUnreadable) || at != 0 {
			t.Errorf("%q: %d, %v", text, at, err)
		}
	}
}

// Every instant that Go writes is read back, cut to milliseconds.
func TestParseExpiryAgreesWithTime(t *testing.T) {
	layouts := []string{time.RFC3339, time.RFC3339Nano, "2006-01-02 15:04:05Z07:00", "2006-01-02T15:04:05.999999-0700"}
	rapid.Check(t, func(t *rapid.T) {
		at := time.Unix(rapid.Int64Range(100_000, 253402200000).Draw(t, "second"), rapid.Int64Range(0, 999_999_999).Draw(t, "nanosecond"))
		zone := time.FixedZone("", rapid.IntRange(-23*60-59, 23*60+59).Draw(t, "offset")*60)
		layout := rapid.SampledFrom(layouts).Draw(t, "layout")
		text := at.In(zone).Format(layout)
		written, err := time.Parse(layout, text)
		if err != nil {
			t.Skip(err)
		}
		if got, err := core.ParseExpiry([]byte(text)); err != nil || got != written.UnixMilli() {
			t.Fatalf("%q: %d, %v; want %d", text, got, err, written.UnixMilli())
		}
	})
}

func TestErrorClass(t *testing.T) {
	const sts, custom, iot = core.MethodSTS, core.MethodCustom, core.MethodIoT
	for _, c := range []struct {
		method core.Method
		status int
		codes  string
		want   core.Class
	}{
		{sts, 403, "AccessDenied AccessDeniedException", core.Permanent},
		{sts, 400, "MalformedPolicyDocument MalformedPolicyDocumentException PackedPolicyTooLarge PackedPolicyTooLargeException", core.Permanent},
		{sts, 403, "RegionDisabled RegionDisabledException", core.Permanent},
		{sts, 403, "IDPRejectedClaim IDPRejectedClaimException", core.Permanent},
		{sts, 400, "InvalidIdentityToken InvalidIdentityTokenException ValidationError", core.Permanent},
		{custom, 0, "MFARefused Configuration", core.Permanent},
		{custom, 403, "AccessDenied AccessDeniedException ValidationError MalformedPolicyDocument", core.Recoverable},
		{core.MethodRegistered, 403, "AccessDenied ValidationException", core.Recoverable},
		{sts, 400, "ExpiredToken ExpiredTokenException IDPCommunicationError", core.Recoverable},
		{sts, 403, "SignatureDoesNotMatch InvalidClientTokenId RequestExpired", core.Recoverable},
		{sts, 400, "Throttling ThrottlingException TooManyRequestsException RequestLimitExceeded", core.Throttled},
		{sts, 503, "SlowDown", core.Throttled},
		{sts, 429, " Anything", core.Throttled},
		{sts, 500, " InternalFailure", core.Recoverable},
		{sts, 503, " ServiceUnavailable", core.Recoverable},
		{sts, 400, " SomethingNew Exception", core.Recoverable},
		{sts, 0, "", core.Recoverable},
		{custom, 404, "", core.Recoverable},
		{iot, 400, "", core.Permanent},
		{iot, 403, " AccessDeniedException", core.Permanent},
		{iot, 404, "", core.Permanent},
		{iot, 429, "", core.Throttled},
		{iot, 503, "", core.Throttled},
		{iot, 500, "", core.Recoverable},
		{iot, 0, "", core.Recoverable},
	} {
		for _, code := range strings.Split(c.codes, " ") {
			if code == "" && len(c.codes) > 0 && c.codes[0] != ' ' {
				continue
			}
			if got := core.ErrorClass(c.method, c.status, []byte(code)); got != c.want {
				t.Errorf("method %d, status %d, %q: class %d, want %d", c.method, c.status, code, got, c.want)
			}
		}
	}
}

// A copy would outlive the call, and a source may put a secret in place of a code.
func TestErrorClassCopiesNothing(t *testing.T) {
	for _, code := range []string{strings.Repeat("x", 256), strings.Repeat("x", 247) + "Exception"} {
		text := []byte(code)
		if n := testing.AllocsPerRun(10, func() { core.ErrorClass(core.MethodCustom, 0, text) }); n != 0 {
			t.Errorf("%v allocations", n)
		}
	}
}

func TestIoTEndpoint(t *testing.T) {
	for text, want := range map[string]string{
		"c2abc.credentials.iot.eu-west-1.amazonaws.com":      "",
		"c2abc.credentials.iot.eu-west-1.amazonaws.com:8443": "",
		"c2abc.credentials.iot.cn-north-1.amazonaws.com.cn":  "",
		"c2abc.credentials.iot-fips.us-east-1.amazonaws.com": "",
		"a1b2-ats.iot.eu-west-1.amazonaws.com":               "a1b2.credentials.iot.eu-west-1.amazonaws.com",
		"a1b2-ats.iot.eu-west-1.amazonaws.com:443":           "a1b2.credentials.iot.eu-west-1.amazonaws.com:443",
		"a1b2-ats.iot.cn-north-1.amazonaws.com.cn":           "a1b2.credentials.iot.cn-north-1.amazonaws.com.cn",
		"a1b2.ats.iot.cn-north-1.amazonaws.com.cn:443":       "a1b2.credentials.iot.cn-north-1.amazonaws.com.cn:443",
	} {
		if want == "" {
			want = text
		}
		got, err := core.IoTEndpoint([]byte(text))
		if err != nil || string(got) != want {
			t.Errorf("%q: %q, %v", text, got, err)
			continue
		}
		again, err := core.IoTEndpoint(got)
		if err != nil || !bytes.Equal(again, got) {
			t.Errorf("%q is not an endpoint itself: %v", got, err)
		}
	}
	for _, text := range []string{
		"", ".", "localhost", "example.com:443/.credentials.iot.", "127.0.0.1:8443/.credentials.iot.",
		"evil.example/.credentials.iot.eu-west-1.amazonaws.com", "evil.example#.credentials.iot.eu-west-1.amazonaws.com",
		"user@c2.credentials.iot.eu-west-1.amazonaws.com", "https://c2.credentials.iot.eu-west-1.amazonaws.com",
		"c2.credentials.iot.eu-west-1.amazonaws.com.evil.example", "c2.credentials.iot.eu-west-1.evilamazonaws.com",
		"c2.credentials.iot.amazonaws.com", "credentials.iot.eu-west-1.amazonaws.com", "c2.credentials.iot.eu-west-1.amazonaws.com.",
		"c2.credentials.iot.eu-west-1.amazonaws.com:", "c2.credentials.iot.eu-west-1.amazonaws.com:0",
		"c2.credentials.iot.eu-west-1.amazonaws.com:65536", "c2.credentials.iot.eu-west-1.amazonaws.com:4e2",
		"c2.credentials.iot.eu-west-1.amazonaws.com:443:443", "c2..iot.eu-west-1.amazonaws.com",
		"-c2.credentials.iot.eu-west-1.amazonaws.com", "c2.credentials.iot.eu_west.amazonaws.com",
		"c2.credentials.iot.eu-west-1.amazonaws.com\n", " c2.credentials.iot.eu-west-1.amazonaws.com",
		"a1b2.iot.eu-west-1.amazonaws.com", "-ats.iot.eu-west-1.amazonaws.com", "ats.iot.eu-west-1.amazonaws.com",
		".ats.iot.eu-west-1.amazonaws.com", "a.ats.iot.amazonaws.com", "a--ats.iot.eu-west-1.amazonaws.com",
		"s3.eu-west-1.amazonaws.com", "a1b2-ats.iot.eu-west-1.amazonaws.com.evil.example",
		strings.Repeat("a", 64) + ".credentials.iot.eu-west-1.amazonaws.com",
		strings.Repeat("a.", 130) + "amazonaws.com",
	} {
		if got, err := core.IoTEndpoint([]byte(text)); !errors.Is(err, core.ErrIoTEndpoint) || got != nil {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
}

func TestMFACode(t *testing.T) {
	for text, want := range map[string]string{
		"123456": "123456", "123456\n": "123456", "code: 123456.": "123456", "111111 222222": "222222",
		"1234567 654321 12345": "654321", "(123456)": "123456", "a-123456-b": "123456",
		"222222 x333333": "222222", "123456 0123456789": "123456", "first 123456\r\nlast 654321\r\n": "654321",
		"": "", "12345": "", "1234567": "", "a123456": "", "123456a": "", "_123456": "", "12 34 56": "", "123-456": "",
		"１２３４５６": "", "“123456”": "123456", "é123456": "123456",
	} {
		at, ok := core.MFACode([]byte(text))
		if ok != (want != "") || ok && text[at:at+6] != want {
			t.Errorf("%q: %d, %v", text, at, ok)
		}
	}
}

func TestCheckDuration(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for _, s := range []float64{900, 3600, 3601, 43200} {
		if err := core.CheckDuration(s, false); err != nil {
			t.Errorf("%v: %v", s, err)
		}
	}
	for _, s := range []float64{nan, inf, -inf, -900, 0, 899, 899.9, 900.5, 43200.5, 43201, 1e300} {
		for _, chained := range []bool{true, false} {
			if err := core.CheckDuration(s, chained); !errors.Is(err, core.ErrDuration) {
				t.Errorf("%v: %v", s, err)
			}
		}
	}
	if core.CheckDuration(3600, true) != nil || !errors.Is(core.CheckDuration(3601, true), core.ErrDurationChained) {
		t.Error("chained")
	}
}

// Go's SDK puts the status text, with a blank in it, in place of a code if a reply to
// HEAD has none.
func TestEvidenceOfABareReply(t *testing.T) {
	for code, want := range map[string]core.Evidence{"Bad Request": core.EvidenceWeak, "": core.EvidenceWeak, "Bad  Request": core.EvidenceNone, "Forbidden": core.EvidenceNone} {
		if got := core.EvidenceOf(true, 400, []byte(code)); got != want {
			t.Errorf("%q: %d", code, got)
		}
		if got := core.EvidenceOf(false, 400, []byte(code)); got != core.EvidenceNone {
			t.Errorf("%q of a GET: %d", code, got)
		}
	}
}
