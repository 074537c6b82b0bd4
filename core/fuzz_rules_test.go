package core_test

import (
	"math"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/evercreds/evercreds/core"
)

// The suffix of an exception's name changes nothing, and only known codes are permanent.
func FuzzErrorClass(f *testing.F) {
	for _, code := range []string{"Throttling", "AccessDeniedException", "ExpiredToken", "", "Exception", "ValidationError"} {
		f.Add(1, 400, code)
		f.Add(3, 403, code)
	}
	f.Fuzz(func(t *testing.T, method, status int, code string) {
		m := core.Method(method)
		class := core.ErrorClass(m, status, []byte(code))
		if class != core.Recoverable && class != core.Throttled && class != core.Permanent {
			t.Fatalf("class %d", class)
		}
		if code != "" && !strings.HasSuffix(code, "Exception") && core.ErrorClass(m, status, []byte(code+"Exception")) != class {
			t.Fatalf("%q is another class than %qException", code, code)
		}
		if status == 429 && core.ErrorClass(m, status, nil) != core.Throttled {
			t.Fatal("too many requests are throttling, whatever the method")
		}
		if m != core.MethodIoT && core.ErrorClass(m, status, []byte("x"+code)) == core.Permanent {
			t.Fatalf("x%s is not known, and so not permanent", code)
		}
	})
}

// An accepted endpoint is a host of AWS's and nothing else in a URL, and stays as it is
// when it is read again: no stranger ever sees a certificate.
func FuzzIoTEndpoint(f *testing.F) {
	for _, text := range []string{
		"a1.credentials.iot.us-east-1.amazonaws.com", "a1-ats.iot.eu-west-1.amazonaws.com:8443", "a1.ats.iot.cn-north-1.amazonaws.com.cn",
		"evil.example/.credentials.iot.us-east-1.amazonaws.com", "a1.credentials.iot.us-east-1.amazonaws.com@evil.example", "", "::1",
	} {
		f.Add(text)
	}
	host := regexp.MustCompile(`^[A-Za-z0-9-]+\.credentials\.iot(-fips)?\.[A-Za-z0-9.-]+$`)
	f.Fuzz(func(t *testing.T, text string) {
		got, err := core.IoTEndpoint([]byte(text))
		if err != nil {
			return
		}
		again, err := core.IoTEndpoint(got)
		if err != nil || string(again) != string(got) {
			t.Fatalf("%q became %q, and that %q, %v", text, got, again, err)
		}
		u, err := url.Parse("https://" + string(got) + "/role-aliases/a/credentials")
		if err != nil || u.Host != string(got) || u.User != nil || !host.MatchString(u.Hostname()) {
			t.Fatalf("%q became %q: %v", text, got, err)
		}
	})
}

// The last word of six digits, as a regular expression says it.
func FuzzMFACode(f *testing.F) {
	for _, text := range []string{"123456", "code: 123456.\n", "1234567", "x123456 654321", "«123456»", "", "123456\x00"} {
		f.Add([]byte(text))
	}
	word := regexp.MustCompile(`^\d{6}$`)
	f.Fuzz(func(t *testing.T, text []byte) {
		want := -1
		words := regexp.MustCompile(`\w+`).FindAllIndex(text, -1)
		for _, at := range slices.Backward(words) {
			if word.Match(text[at[0]:at[1]]) {
				want = at[0]
				break
			}
		}
		if at, ok := core.MFACode(text); ok != (want >= 0) || ok && at != want {
			t.Fatalf("%q: %d, %v, want %d", text, at, ok, want)
		}
	})
}

func FuzzCheckDuration(f *testing.F) {
	for _, seconds := range []float64{0, 900, 3600, 3601, 43200, 43201, 900.5, math.NaN(), math.Inf(1), -900} {
		f.Add(seconds, true)
		f.Add(seconds, false)
	}
	f.Fuzz(func(t *testing.T, seconds float64, chained bool) {
		most := 43200.0
		if chained {
			most = 3600
		}
		want := seconds >= 900 && seconds <= most && seconds == math.Trunc(seconds)
		if err := core.CheckDuration(seconds, chained); (err == nil) != want {
			t.Fatalf("%v, chained %v: %v", seconds, chained, err)
		}
	})
}

// A pause is what the digits or the date say, at most an hour, or 0.
func FuzzRetryAfter(f *testing.F) {
	for _, text := range []string{"7", "0", "3601", "1.5", "-1", "", "Thu, 01 Jan 2026 00:00:30 GMT", "Thu, 01 Jan 2026 00:00:30 UTC"} {
		f.Add(text, true, int64(1767225600000))
		f.Add(text, false, int64(1767225600000))
	}
	digits := regexp.MustCompile(`^[0-9]+$`)
	f.Fuzz(func(t *testing.T, text string, inMilliseconds bool, wall int64) {
		if wall < 0 || wall > 253402300800000 {
			t.Skip()
		}
		trimmed, want := strings.Trim(text, " \t\r\n"), int64(0)
		switch at, err := time.Parse(http.TimeFormat, trimmed); {
		case digits.MatchString(trimmed):
			want = 3600_000
			if n, err := strconv.ParseInt(trimmed, 10, 32); err == nil && inMilliseconds {
				want = min(n, want)
			} else if err == nil {
				want = min(n*1000, want)
			}
		case err == nil && !inMilliseconds:
			want = min(max(at.UnixMilli()-wall, 0), 3600_000)
		case !inMilliseconds && len(trimmed) == 29:
			t.Skip() // Go is stricter with weekdays and laxer with letters
		}
		if got := core.RetryAfter([]byte(text), inMilliseconds, wall); got != want {
			t.Fatalf("%q: %d, want %d", text, got, want)
		}
	})
}

// Unknown codes are no evidence, except a bare 400 to HEAD.
func FuzzEvidence(f *testing.F) {
	known := map[string]core.Evidence{
		"ExpiredToken": core.EvidenceStrong, "ExpiredTokenException": core.EvidenceStrong, "InvalidToken": core.EvidenceStrong,
		"RequestExpired": core.EvidenceWeak, "TokenRefreshRequired": core.EvidenceWeak, "InvalidClientTokenId": core.EvidenceWeak,
		"UnrecognizedClientException": core.EvidenceWeak, "InvalidAccessKeyId": core.EvidenceWeak, "AuthFailure": core.EvidenceWeak,
	}
	for code := range known {
		f.Add(false, 400, code)
	}
	for _, code := range []string{"AccessDenied", "", "400", "BadRequest", "expiredtoken", "ExpiredTokenExceptionException"} {
		f.Add(true, 400, code)
		f.Add(false, 400, code)
	}
	none := []string{"", "400", "BadRequest", "Bad Request", "Unknown", "UnknownError"}
	f.Fuzz(func(t *testing.T, isHead bool, status int, code string) {
		want := known[code]
		if isHead && status == 400 && slices.Contains(none, code) {
			want = core.EvidenceWeak
		}
		if got := core.EvidenceOf(isHead, status, []byte(code)); got != want {
			t.Fatalf("HEAD %v, status %d, %q: %d, want %d", isHead, status, code, got, want)
		}
	})
}
