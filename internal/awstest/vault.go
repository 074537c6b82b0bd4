package awstest

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"fmt"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// principal is who a set of credentials speaks for.
type principal struct {
	account, arn, userID string
	source               string // role ARN or alias that issued the set; "" for the base user
}

// issued is one set that the stand-in knows.
type issued struct {
	principal
	aws.Credentials // Expires is the exact instant at which the set ends
	revoked         bool
}

func (i *issued) temporary() bool { return i.source != "" }

// ended says whether the set is of no more use at an instant.
func (i *issued) ended(at time.Time) bool {
	return i.revoked || i.temporary() && !at.Before(i.Expires)
}

// vault holds every set, for as long as the stand-in runs: AWS too tells an
// expired key from an unknown one.
type vault struct {
	base   aws.Credentials
	mu     sync.Mutex
	byKey  map[string]*issued
	newest map[string]*issued // by source
}

func newVault(account string) *vault {
	base := aws.Credentials{AccessKeyID: "AKIA" + keyPart(), SecretAccessKey: secretPart(30), AccountID: account, Source: "awstest"}
	user := &issued{Credentials: base, principal: principal{
		account: account,
		arn:     "arn:aws:iam::" + account + ":user/stand-in",
		userID:  "AIDA" + stableID("user/stand-in"),
	}}
	return &vault{
		base:   base,
		byKey:  map[string]*issued{base.AccessKeyID: user},
		newest: map[string]*issued{},
	}
}

// issue makes a new set that ends at an instant.
func (v *vault) issue(who principal, expires time.Time) issued {
	set := &issued{principal: who, Credentials: aws.Credentials{
		AccessKeyID:     "ASIA" + keyPart(),
		SecretAccessKey: secretPart(30),
		// As long as AWS's own, and short enough for an IoT reply to stay under
		// the 2048 bytes that embedded clients read.
		SessionToken: secretPart(576),
		CanExpire:    true,
		Expires:      expires,
		AccountID:    who.account,
	}}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.byKey[set.AccessKeyID] = set
	return *set
}

// lengthen fills a set's token up to a size in bytes.
func (v *vault) lengthen(set issued, size int) issued {
	v.mu.Lock()
	defer v.mu.Unlock()
	if missing := size - len(set.SessionToken); missing > 0 {
		set.SessionToken += secretPart(missing)[:missing]
		v.byKey[set.AccessKeyID].SessionToken = set.SessionToken
	}
	return set
}

// settle makes a set the newest that its source handed out in good order.
func (v *vault) settle(set issued) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.newest[set.source] = v.byKey[set.AccessKeyID]
}

// find answers with a copy, so that callers need no lock.
func (v *vault) find(accessKeyID string) (issued, bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	set, ok := v.byKey[accessKeyID]
	if !ok {
		return issued{}, false
	}
	return *set, true
}

// last is the newest set that a source handed out in good order.
func (v *vault) last(source string) (issued, bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	set, ok := v.newest[source]
	if !ok {
		return issued{}, false
	}
	return *set, true
}

// Revoke ends an issued set at once: calls signed with it get ExpiredToken. It
// fails for keys that this stand-in did not issue, the base key included.
func (s *Server) Revoke(accessKeyID string) error {
	s.vault.mu.Lock()
	defer s.vault.mu.Unlock()
	set, ok := s.vault.byKey[accessKeyID]
	if !ok || !set.temporary() {
		return fmt.Errorf("awstest: access_key_id must be one that the stand-in issued, got %q", accessKeyID)
	}
	set.revoked = true
	return nil
}

// RevokeHeld revokes the set that a session, say, hands out now.
func (s *Server) RevokeHeld(ctx context.Context, by aws.CredentialsProvider) error {
	held, err := by.Retrieve(ctx)
	if err != nil {
		return err
	}
	return s.Revoke(held.AccessKeyID)
}

// keyPart is the random part of an access key ID: 16 of [A-Z2-7].
func keyPart() string { return base32.StdEncoding.EncodeToString(random(10)) }

// secretPart is n random bytes in base64, which looks like a secret key (30
// bytes) or a session token.
func secretPart(n int) string { return base64.StdEncoding.EncodeToString(random(n)) }

// stableID is the 17 characters after the AROA or AIDA of a unique ID, the same
// for the same name in every run.
func stableID(name string) string {
	sum := sha256.Sum256([]byte(name))
	return base32.StdEncoding.EncodeToString(sum[:])[:17]
}

func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails: crypto/rand ends the process instead
	return b
}
