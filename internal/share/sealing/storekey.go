package sealing

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// keyPrefix begins every store key, and keyHex digits follow it.
const (
	keyPrefix = "evercreds1:"
	keyHex    = 32
)

// STS is what a set of AssumeRole is for. Lists may be in any order.
type STS struct {
	RoleARN, SessionName       string
	DurationS                  int64 // 0: 3600
	ExternalID, SourceIdentity string
	Policy                     string
	PolicyARNs                 []string
	Tags                       [][2]string
	TransitiveTagKeys          []string
	ProvidedContexts           [][2]string // of ARN and assertion
	SerialNumber               string
	MinimumTokenSize           int64
	Endpoint                   string // a URL
	Region                     string
	Principal                  string // made by one of the functions below
}

// IoT is what a set of AWS IoT's credentials provider is for.
type IoT struct {
	Endpoint  string // a host
	RoleAlias string
	ThingName string
	// PublicKey is the certificate's SubjectPublicKeyInfo in DER.
	PublicKey []byte
}

// StoreKey is the name of the group's record.
func (s STS) StoreKey(r *Ring) (string, error) {
	text, err := s.canonical()
	return r.storeKey(text, err)
}

func (s STS) canonical() (string, error) {
	endpoint, err := Endpoint(s.Endpoint)
	if err != nil {
		return "", err
	}
	return Canonical(map[string]any{
		"format": format, "method": "sts", "role_arn": s.RoleARN, "session_name": s.SessionName,
		"duration_s": cmp.Or(s.DurationS, 3600), "external_id": s.ExternalID, "source_identity": s.SourceIdentity,
		"policy": s.Policy, "policy_arns": slices.Sorted(slices.Values(s.PolicyARNs)), "tags": sortedPairs(s.Tags),
		"transitive_tag_keys": slices.Sorted(slices.Values(s.TransitiveTagKeys)),
		"provided_contexts":   sortedPairs(s.ProvidedContexts), "serial_number": s.SerialNumber,
		"minimum_token_size": s.MinimumTokenSize, "endpoint": endpoint, "region": s.Region, "principal": s.Principal,
	})
}

func sortedPairs(list [][2]string) [][2]string {
	return slices.SortedFunc(slices.Values(list), func(a, b [2]string) int {
		return cmp.Or(strings.Compare(a[0], b[0]), strings.Compare(a[1], b[1]))
	})
}

// StoreKey is the name of the group's record.
func (i IoT) StoreKey(r *Ring) (string, error) {
	text, err := i.canonical()
	return r.storeKey(text, err)
}

func (i IoT) canonical() (string, error) {
	sum := sha256.Sum256(i.PublicKey)
	return Canonical(map[string]any{
		"format": format, "method": "iot", "endpoint": strings.ToLower(i.Endpoint), "role_alias": i.RoleAlias,
		"thing_name": i.ThingName, "certificate": hex.EncodeToString(sum[:]),
	})
}

// CustomStoreKey is the name of the record of a group that its user has named.
func CustomStoreKey(r *Ring, shareID string) (string, error) {
	text, err := customCanonical(shareID)
	return r.storeKey(text, err)
}

func customCanonical(shareID string) (string, error) {
	return Canonical(map[string]any{"format": format, "method": "custom", "share_id": shareID})
}

func (r *Ring) storeKey(canonical string, err error) (string, error) {
	if err != nil {
		return "", err
	}
	return keyPrefix + hex.EncodeToString(mac(r.named.name, canonical))[:keyHex], nil
}

// Endpoint writes the URL of a service in the one way in which all languages write it:
// scheme and host in lower case, without the scheme's own port, and without a slash at
// the end.
func Endpoint(given string) (string, error) {
	u, err := url.Parse(given)
	if err != nil || u.Scheme == "" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return "", fmt.Errorf("endpoint must be a URL such as https://sts.eu-west-1.amazonaws.com, without user, query and fragment; got another")
	}
	scheme, host := strings.ToLower(u.Scheme), strings.ToLower(u.Host)
	for of, port := range map[string]string{"https": ":443", "http": ":80"} {
		if scheme == of {
			host = strings.TrimSuffix(host, port)
		}
	}
	return scheme + "://" + host + strings.TrimRight(u.EscapedPath(), "/"), nil
}

// The principals are who calls AssumeRole. The first that there is counts.

// GivenPrincipal is the user's share_principal.
func GivenPrincipal(name string) string { return "given:" + name }

// KeyPrincipal is base credentials without a session token.
func KeyPrincipal(accessKeyID string) string { return "key:" + accessKeyID }

// ParentPrincipal is a session that shares itself.
func ParentPrincipal(storeKey string) string { return "parent:" + storeKey }

// CallerPrincipal is who GetCallerIdentity says. An assumed role's session has a name of
// its own in each process, which is cut off.
func CallerPrincipal(arn string) string {
	// arn:PARTITION:sts::ACCOUNT:assumed-role/ROLE/SESSION
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) == 6 && strings.HasPrefix(parts[5], "assumed-role/") {
		if role, _, ok := strings.Cut(strings.TrimPrefix(parts[5], "assumed-role/"), "/"); ok {
			parts[5] = "assumed-role/" + role
		}
	}
	return "caller:" + strings.Join(parts, ":")
}
