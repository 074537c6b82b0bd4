package sources

import (
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/evercreds/evercreds/internal/fingerprint"
)

// Credentials has the fields of evercreds.Credentials, which says what they are.
type Credentials struct {
	AccessKeyID     string
	SecretAccessKey string
	SessionToken    string
	AccountID       string
	Expires         time.Time
	NoExpiry        bool
}

// String describes the set without its secrets.
func (c Credentials) String() string {
	switch {
	case c.AccessKeyID == "" && c.SecretAccessKey == "" && c.SessionToken == "":
		return "Credentials(empty)"
	case c.NoExpiry:
		return "Credentials(redacted, without expiry)"
	}
	return "Credentials(redacted, until " + c.Expires.UTC().Format(time.RFC3339) + ")"
}

// Format prints String for every verb, so that no verb reaches the fields.
func (c Credentials) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, c.String()) }

// MarshalText is String, for JSON and log handlers. JSON can be read into a set
// all the same.
func (c Credentials) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// LogValue is String, for log/slog.
func (c Credentials) LogValue() slog.Value { return slog.StringValue(c.String()) }

// Fingerprint is by what the machine knows a set: the first eight bytes, big
// endian, of SHA-256 over access key, a zero byte and session token.
func Fingerprint(c Credentials) uint64 {
	return FingerprintOf(c.AccessKeyID, c.SessionToken)
}

// FingerprintOf is the [Fingerprint] of the set with this access key and token.
func FingerprintOf(accessKeyID, sessionToken string) uint64 {
	return fingerprint.Of(accessKeyID, sessionToken)
}
