package sources

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"regexp"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"

	"github.com/evercreds/evercreds/core"
)

// AssumeRole has the fields of evercreds.AssumeRole, which says what they are.
type AssumeRole struct {
	RoleARN                 string
	RoleSessionName         string
	Duration                time.Duration
	MinimumSessionTokenSize int
	ExternalID              string
	SourceIdentity          string
	Tags                    map[string]string
	TransitiveTagKeys       []string
	Policy                  string
	PolicyARNs              []string
	ProvidedContexts        []types.ProvidedContext
	SerialNumber            string
	MFA                     func(ctx context.Context) (string, error)
	MFACommand              []string
	MFAPrompts              bool
	Chained                 bool
}

// String names the role.
func (r AssumeRole) String() string {
	if r.RoleSessionName == "" {
		return "AssumeRole(" + r.RoleARN + ")"
	}
	return "AssumeRole(" + r.RoleARN + " as " + r.RoleSessionName + ")"
}

// Format prints String for every verb, so that no verb reaches the fields.
func (r AssumeRole) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, r.String()) }

// MarshalText is String, for JSON and log handlers. JSON can be read into an
// AssumeRole all the same.
func (r AssumeRole) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// LogValue is String, for log/slog.
func (r AssumeRole) LogValue() slog.Value { return slog.StringValue(r.String()) }

// defaultSessionName is sent if the user gives no RoleSessionName.
const defaultSessionName = "evercreds"

// defaultDuration is the lifetime that STS gives by default.
const defaultDuration = time.Hour

var (
	namePattern       = regexp.MustCompile(`^[\w+=,.@-]*$`)
	externalIDPattern = regexp.MustCompile(`^[\w+=,.@:/-]*$`)
	serialPattern     = regexp.MustCompile(`^[\w+=/:,.@-]*$`)
	arnPattern        = regexp.MustCompile(`^arn:[!-~]+$`)
	tagPattern        = regexp.MustCompile(`^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$`)
	policyPattern     = regexp.MustCompile(`^[\t\n\r\x{20}-\x{FF}]*$`)
)

// check refuses what STS would refuse, before any call.
func (r *AssumeRole) check() error {
	for _, c := range []struct {
		name, value string
		low, high   int
		pattern     *regexp.Regexp
		required    bool
	}{
		{"RoleARN", r.RoleARN, 20, 2048, arnPattern, true},
		{"RoleSessionName", r.RoleSessionName, 2, 64, namePattern, false},
		{"ExternalID", r.ExternalID, 2, 1224, externalIDPattern, false},
		{"SourceIdentity", r.SourceIdentity, 2, 64, namePattern, false},
		{"SerialNumber", r.SerialNumber, 9, 256, serialPattern, false},
	} {
		if c.value == "" && !c.required {
			continue
		}
		if len(c.value) < c.low || len(c.value) > c.high || !c.pattern.MatchString(c.value) {
			return &ParameterError{c.name, fmt.Sprintf("must be %d to %d characters that match %s", c.low, c.high, c.pattern)}
		}
	}
	if r.MinimumSessionTokenSize < 0 || r.MinimumSessionTokenSize > 4096 {
		return &ParameterError{"MinimumSessionTokenSize", "must be a number of bytes from 0 to 4096"}
	}
	if err := r.checkDuration(); err != nil {
		return err
	}
	if err := r.checkLists(); err != nil {
		return err
	}
	return r.checkMFA()
}

func (r *AssumeRole) checkDuration() error {
	if r.Duration == 0 {
		return nil
	}
	switch core.CheckDuration(r.Duration.Seconds(), r.Chained) {
	case nil:
		return nil
	case core.ErrDurationChained:
		return &ParameterError{"Duration", "must be at most 1h if one role assumes another"}
	}
	return &ParameterError{"Duration", "must be whole seconds from 900s to 43200s"}
}

func (r *AssumeRole) checkLists() error {
	for _, c := range []struct {
		name    string
		n, most int
	}{
		{"Tags", len(r.Tags), 50}, {"TransitiveTagKeys", len(r.TransitiveTagKeys), 50},
		{"PolicyARNs", len(r.PolicyARNs), 10}, {"ProvidedContexts", len(r.ProvidedContexts), 5},
	} {
		if c.n > c.most {
			return &ParameterError{c.name, fmt.Sprintf("must have at most %d entries", c.most)}
		}
	}
	for key, value := range r.Tags {
		if !isTagKey(key) || utf8.RuneCountInString(value) > 256 || !tagPattern.MatchString(value) {
			return &ParameterError{"Tags", "must have keys of 1 to 128 and values of at most 256 characters that are letters, numbers, blanks or of _.:/=+-@"}
		}
	}
	for _, key := range r.TransitiveTagKeys {
		if !isTagKey(key) {
			return &ParameterError{"TransitiveTagKeys", "must have keys of 1 to 128 characters that are letters, numbers, blanks or of _.:/=+-@"}
		}
	}
	for _, arn := range r.PolicyARNs {
		if !isARN(arn) {
			return &ParameterError{"PolicyARNs", "must have ARNs of 20 to 2048 characters"}
		}
	}
	if !utf8.ValidString(r.Policy) || !policyPattern.MatchString(r.Policy) {
		return &ParameterError{"Policy", "must be JSON of characters from U+0020 to U+00FF, tabs and line ends"}
	}
	for _, c := range r.ProvidedContexts {
		if arn, said := c.ProviderArn, c.ContextAssertion; arn != nil && !isARN(*arn) || said != nil && (len(*said) < 4 || len(*said) > 2048) {
			return &ParameterError{"ProvidedContexts", "must have a ProviderArn of 20 to 2048 and a ContextAssertion of 4 to 2048 characters"}
		}
	}
	return nil
}

func isARN(text string) bool {
	return len(text) >= 20 && len(text) <= 2048 && arnPattern.MatchString(text)
}

// isTagKey counts characters: letters of all scripts may be in tags.
func isTagKey(key string) bool {
	n := utf8.RuneCountInString(key)
	return n >= 1 && n <= 128 && tagPattern.MatchString(key)
}

// clone copies the lists, so that the user can change them later.
func (r AssumeRole) clone() AssumeRole {
	r.Tags = maps.Clone(r.Tags)
	r.TransitiveTagKeys = slices.Clone(r.TransitiveTagKeys)
	r.PolicyARNs = slices.Clone(r.PolicyARNs)
	r.ProvidedContexts = slices.Clone(r.ProvidedContexts)
	for i, c := range r.ProvidedContexts {
		r.ProvidedContexts[i].ContextAssertion, r.ProvidedContexts[i].ProviderArn = cloned(c.ContextAssertion), cloned(c.ProviderArn)
	}
	r.MFACommand = slices.Clone(r.MFACommand)
	return r
}

// input is the call, still without its MFA code. Tags go in the order of their
// keys, so that equal parameters make equal calls.
func (r *AssumeRole) input() *sts.AssumeRoleInput {
	in := &sts.AssumeRoleInput{
		RoleArn:           &r.RoleARN,
		RoleSessionName:   given(r.RoleSessionName),
		ExternalId:        given(r.ExternalID),
		SourceIdentity:    given(r.SourceIdentity),
		Policy:            given(r.Policy),
		SerialNumber:      given(r.SerialNumber),
		TransitiveTagKeys: r.TransitiveTagKeys,
		ProvidedContexts:  r.ProvidedContexts,
	}
	if in.RoleSessionName == nil {
		in.RoleSessionName = aws.String(defaultSessionName)
	}
	if r.MinimumSessionTokenSize != 0 {
		in.MinimumSessionTokenSize = aws.Int32(int32(r.MinimumSessionTokenSize))
	}
	if r.Duration != 0 {
		in.DurationSeconds = aws.Int32(int32(r.Duration / time.Second))
	}
	for _, key := range slices.Sorted(maps.Keys(r.Tags)) {
		in.Tags = append(in.Tags, types.Tag{Key: aws.String(key), Value: aws.String(r.Tags[key])})
	}
	for _, arn := range r.PolicyARNs {
		in.PolicyArns = append(in.PolicyArns, types.PolicyDescriptorType{Arn: aws.String(arn)})
	}
	return in
}

func given(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
