package endpoint

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// The paths of the instance metadata service that SDKs ask for.
const (
	imdsToken  = "/latest/api/token"
	imdsRoles  = "/latest/meta-data/iam/security-credentials/"
	imdsRegion = "/latest/meta-data/placement/region"
	imdsZone   = "/latest/meta-data/placement/availability-zone"
)

type imdsRole struct {
	role   *Role
	region string
}

// SetIMDS has one role served as an instance's. Its contract has no token of ours, so
// every program of this machine may have these credentials.
func (s *Server) SetIMDS(role *Role, region string) {
	if role == nil {
		s.imds.Store(nil)
		return
	}
	s.imds.Store(&imdsRole{role, region})
}

func isIMDS(path string) bool { return strings.HasPrefix(path, "/latest/") }

func (s *Server) serveIMDS(w http.ResponseWriter, r *http.Request) int {
	if r.URL.Path == imdsToken {
		return s.imdsToken(w, r)
	}
	if !s.tokens.has(r.Header.Get("X-Aws-Ec2-Metadata-Token"), time.Now()) {
		return fail(w, http.StatusUnauthorized, "Unauthorized", "unauthorized") // version 1 is not served
	}
	if r.Method != http.MethodGet {
		return fail(w, http.StatusMethodNotAllowed, "MethodNotAllowed", "only GET is allowed")
	}
	served := s.imds.Load()
	text := func(body string) int {
		w.Header().Set("Content-Type", "text/plain")
		_, _ = io.WriteString(w, body)
		return http.StatusOK
	}
	switch path := r.URL.Path; {
	case path == imdsRoles || path+"/" == imdsRoles:
		return text(served.role.Name)
	case path == imdsRoles+served.role.Name:
		return s.imdsCredentials(w, r, served.role)
	case path == imdsRegion && served.region != "":
		return text(served.region)
	case path == imdsZone && served.region != "":
		return text(served.region + "a")
	}
	return fail(w, http.StatusNotFound, "NotFound", "not found")
}

func (s *Server) imdsToken(w http.ResponseWriter, r *http.Request) int {
	if r.Method != http.MethodPut {
		return fail(w, http.StatusMethodNotAllowed, "MethodNotAllowed", "only PUT is allowed")
	}
	ttl, err := strconv.Atoi(r.Header.Get("X-Aws-Ec2-Metadata-Token-Ttl-Seconds"))
	if err != nil || ttl < 1 || ttl > 21600 {
		return fail(w, http.StatusBadRequest, "BadRequest", "the token's life must be 1 to 21600 seconds")
	}
	w.Header().Set("X-Aws-Ec2-Metadata-Token-Ttl-Seconds", strconv.Itoa(ttl))
	w.Header().Set("Content-Type", "text/plain")
	_, _ = io.WriteString(w, s.tokens.issue(time.Duration(ttl)*time.Second, time.Now()))
	return http.StatusOK
}

func (s *Server) imdsCredentials(w http.ResponseWriter, r *http.Request, role *Role) int {
	creds, status, code, message := held(r.Context(), role)
	if status != 0 {
		s.counts.unserved.Add(1)
		return fail(w, status, code, message)
	}
	now := time.Now()
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(struct {
		Code, LastUpdated, Type string
		AccessKeyID             string `json:"AccessKeyId"`
		SecretAccessKey, Token  string
		Expiration              string
		AccountID               string `json:"AccountId,omitempty"`
	}{
		"Success", now.UTC().Format("2006-01-02T15:04:05Z"), "AWS-HMAC",
		creds.AccessKeyID, creds.SecretAccessKey, creds.SessionToken, Expiration(creds, now), creds.AccountID,
	})
	return http.StatusOK
}

// imdsTokens are the session tokens of IMDSv2 that were given out, at most 1024.
type imdsTokens struct {
	mu   sync.Mutex
	ends map[string]time.Time
}

func (t *imdsTokens) issue(life time.Duration, now time.Time) string {
	raw := make([]byte, 24)
	_, _ = rand.Read(raw) // never fails since Go 1.24
	token := hex.EncodeToString(raw)
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.ends == nil {
		t.ends = map[string]time.Time{}
	}
	if len(t.ends) >= 1024 {
		for old, end := range t.ends {
			if !now.Before(end) {
				delete(t.ends, old)
			}
		}
	}
	for old := range t.ends { // still too many: any one goes, and its client asks for another
		if len(t.ends) < 1024 {
			break
		}
		delete(t.ends, old)
	}
	t.ends[token] = now.Add(life)
	return token
}

func (t *imdsTokens) has(token string, now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	end, ok := t.ends[token]
	return ok && now.Before(end)
}
