package endpoint

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/evercreds/evercreds"
	"github.com/evercreds/evercreds/cmd/evercreds/internal/problem"
)

// Body is a set, by the contract of container credentials. All of it is always sent but
// AccountId, which may not be known.
type Body struct {
	AccessKeyID     string `json:"AccessKeyId"`
	SecretAccessKey string
	Token           string
	Expiration      string // ends in Z: the JS SDK takes nothing else
	AccountID       string `json:"AccountId,omitempty"`
	RoleARN         string `json:"RoleArn,omitempty"`
}

// Endless is the life that a set without an end is told to have: its clients ask again.
const Endless = time.Hour

// Expiration writes an instant as all SDKs read it.
func Expiration(creds aws.Credentials, now time.Time) string {
	end := creds.Expires
	if !creds.CanExpire {
		end = now.Add(Endless)
	}
	// Downwards, so that nobody believes in more life than there is.
	return end.UTC().Truncate(time.Second).Format("2006-01-02T15:04:05Z")
}

func (s *Server) credentials(w http.ResponseWriter, r *http.Request) int {
	role := (*s.roles.Load())[strings.TrimPrefix(r.URL.Path, "/credentials/")]
	// Every stranger gets the same answer: which roles there are is nobody's business.
	if !strings.HasPrefix(r.URL.Path, "/credentials/") || !opens(role, r.Header.Get("Authorization")) {
		return fail(w, http.StatusUnauthorized, "Unauthorized", "unauthorized")
	}
	if r.Method != http.MethodGet {
		w.Header().Set("Allow", "GET")
		return fail(w, http.StatusMethodNotAllowed, "MethodNotAllowed", "only GET is allowed")
	}
	creds, status, code, text := held(r.Context(), role)
	if status != 0 {
		s.counts.unserved.Add(1)
		w.Header().Set("Retry-After", "1")
		return fail(w, status, code, text)
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(Body{
		AccessKeyID: creds.AccessKeyID, SecretAccessKey: creds.SecretAccessKey, Token: creds.SessionToken,
		Expiration: Expiration(creds, time.Now()), AccountID: creds.AccountID,
	})
	return http.StatusOK
}

// opens compares tokens in the same time, whatever they are, also where there is no role.
func opens(role *Role, given string) bool {
	want := ""
	if role != nil {
		want = role.Token
	}
	a, b := sha256.Sum256([]byte(want)), sha256.Sum256([]byte(given))
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1 && want != ""
}

// held returns what a role has, or what to answer where it has nothing: always a 5xx, since
// a 404 is final for Go's SDK.
func held(ctx context.Context, role *Role) (creds aws.Credentials, status int, code, text string) {
	ctx, cancel := context.WithTimeout(ctx, Patience)
	defer cancel()
	creds, err := role.Held.Retrieve(ctx)
	if err == nil && !lasts(creds, time.Now()) {
		err = evercreds.ErrMinTTL
	}
	if err == nil {
		return creds, 0, "", ""
	}
	code, text = reason(err)
	return aws.Credentials{}, http.StatusServiceUnavailable, code, text
}

// TooShort says that nothing with LeastLife left can be had.
var TooShort = fmt.Sprintf("what is held ends within %.0f s, and nothing that lasts longer is there; ask again", LeastLife.Seconds())

// reason has AWS's own code where there is one.
func reason(err error) (code, text string) {
	var session *evercreds.Error
	sorted := problem.Sort(err)
	switch {
	case errors.Is(err, context.DeadlineExceeded) || isCanceled(err):
		return "NotReady", "the credentials are being fetched; ask again"
	case errors.Is(err, evercreds.ErrMinTTL):
		return "NotReady", TooShort
	case sorted.Kind.Word == problem.MFA.Word:
		return "MfaCodeNeeded", sorted.Text
	case errors.As(err, &session) && session.AWSErrorCode != "":
		return session.AWSErrorCode, session.Error()
	}
	return "Unavailable", err.Error()
}

func isCanceled(err error) bool {
	var canceled *aws.RequestCanceledError
	return errors.As(err, &canceled)
}
