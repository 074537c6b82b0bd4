package roles

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"

	"github.com/evercreds/evercreds"
	"github.com/evercreds/evercreds/cmd/evercreds/internal/problem"
	"github.com/evercreds/evercreds/internal/sources"
)

// resolve finds out what a role is where it does not say so itself, and its base. A
// profile with role_arn and source_profile is a role of our own, so that its refreshes,
// its one-time codes and its sharing are ours too.
//
// parent is the role of a profile that the base is; nil: the SDK knows the base.
func resolve(ctx context.Context, given *Role) (_ *Role, base aws.Config, parent *Role, _ error) {
	role := *given
	profile, own := role.Profile, aws.CredentialsProvider(nil)
	role.base = describeBase(ctx, profile)
	if role.STS == nil && len(role.Command) == 0 && role.IoT == nil {
		name := CurrentProfile(role.Profile)
		shared, err := loadProfile(ctx, name)
		var absent config.SharedConfigProfileNotExistError
		switch {
		case errors.As(err, &absent) && role.Profile == "" && os.Getenv("AWS_PROFILE") == "":
			// Nobody named a profile, and there is none: the environment may have credentials.
		case err != nil:
			return nil, aws.Config{}, nil, problem.Config.New("profile %s: %v", name, err)
		case environmentWins(role.Profile):
		case startsThis(shared.CredentialProcess):
			return nil, aws.Config{}, nil, circle(&role, name)
		case shared.RoleARN != "" && shared.SourceProfileName != "":
			role.STS = &STS{
				RoleARN: shared.RoleARN, RoleSessionName: shared.RoleSessionName,
				ExternalID: shared.ExternalID, SerialNumber: shared.MFASerial,
			}
			if d := shared.RoleDurationSeconds; d != nil {
				role.STS.DurationSeconds = int(*d / time.Second)
			}
			if role.Region == "" {
				role.Region = shared.Region
			}
			role.base = "profile " + shared.SourceProfileName
			if profile = shared.SourceProfileName; profile == name {
				keys := shared.Credentials
				if shared.Source != nil && !keys.HasKeys() {
					keys = shared.Source.Credentials
				}
				own = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return keys, nil })
			}
		}
		if role.Name == "" {
			role.Name = name
		}
	}
	if role.STS != nil && role.SourceRole == "" && own == nil && !environmentWins(profile) {
		name := CurrentProfile(profile)
		shared, err := loadProfile(ctx, name)
		switch {
		case err != nil:
		case startsThis(shared.CredentialProcess):
			return nil, aws.Config{}, nil, circle(&role, name)
		case shared.RoleARN != "" && shared.SourceProfileName != "":
			parent = &Role{Name: name, Profile: name, EndpointURL: role.EndpointURL}
		}
	}
	if role.SourceRole != "" || parent != nil {
		own = aws.AnonymousCredentials{} // its session takes this place
	}
	cfg, err := load(ctx, profile, role.Region, role.EndpointURL)
	if err != nil {
		return nil, aws.Config{}, nil, problem.Config.Of(err)
	}
	if own != nil {
		cfg.Credentials = own
	}
	return &role, cfg, parent, nil
}

// startsThis reports whether a profile's credential_process is the command that this process
// is. Of one that says the same in another way, guardRecursion knows only once it runs.
func startsThis(process string) bool {
	words := strings.Fields(process)
	if len(words) == 0 || !slices.Equal(words[1:], os.Args[1:]) {
		return false
	}
	path, err := exec.LookPath(words[0])
	if err != nil {
		return false
	}
	self, err := os.Executable()
	if err != nil {
		return false
	}
	a, errA := os.Stat(path)
	b, errB := os.Stat(self)
	return errA == nil && errB == nil && os.SameFile(a, b)
}

func circle(role *Role, profile string) error {
	return problem.Recursion.New("role %s: profile %s is the one whose credential_process this is, so it cannot have the base credentials too", role.Name, profile)
}

// describeBase says where base credentials come from, if nothing else is said of them.
func describeBase(ctx context.Context, profile string) string {
	name := CurrentProfile(profile)
	if environmentWins(profile) {
		return "the keys in the environment"
	}
	var absent config.SharedConfigProfileNotExistError
	if _, err := loadProfile(ctx, name); name == config.DefaultSharedConfigProfile && errors.As(err, &absent) {
		return "the AWS SDK's chain, without a profile"
	}
	return "profile " + name
}

// environmentWins reports whether keys in the environment stand before the profile, as
// in all SDKs, since nobody has named a profile to this command.
func environmentWins(profile string) bool {
	return profile == "" && os.Getenv("AWS_ACCESS_KEY_ID") != "" && os.Getenv("AWS_SECRET_ACCESS_KEY") != ""
}

// CurrentProfile is the profile that is meant: the one that was named, or AWS_PROFILE's.
func CurrentProfile(named string) string {
	for _, name := range []string{named, os.Getenv("AWS_PROFILE"), os.Getenv("AWS_DEFAULT_PROFILE")} {
		if name != "" {
			return name
		}
	}
	return "default"
}

// ConfigFiles are the two shared files, where the user has them.
func ConfigFiles() (configFile, credentialsFile string) {
	configFile, credentialsFile = os.Getenv("AWS_CONFIG_FILE"), os.Getenv("AWS_SHARED_CREDENTIALS_FILE")
	if configFile == "" {
		configFile = config.DefaultSharedConfigFilename()
	}
	if credentialsFile == "" {
		credentialsFile = config.DefaultSharedCredentialsFilename()
	}
	return configFile, credentialsFile
}

func loadProfile(ctx context.Context, name string) (config.SharedConfig, error) {
	configFile, credentialsFile := ConfigFiles()
	return config.LoadSharedConfigProfile(ctx, name, func(o *config.LoadSharedConfigOptions) {
		o.ConfigFiles, o.CredentialsFiles = []string{configFile}, []string{credentialsFile}
	})
}

func load(ctx context.Context, profile, region, endpoint string) (aws.Config, error) {
	options := []func(*config.LoadOptions) error{
		// A profile that stands on another with a code of its own: a person may be there.
		config.WithAssumeRoleCredentialOptions(func(o *stscreds.AssumeRoleOptions) {
			o.TokenProvider = func() (string, error) { return PromptTerminal(ctx, aws.ToString(o.SerialNumber)) }
		}),
	}
	if profile != "" {
		options = append(options, config.WithSharedConfigProfile(profile))
	}
	if region != "" {
		options = append(options, config.WithRegion(region))
	}
	if endpoint != "" {
		options = append(options, config.WithBaseEndpoint(endpoint))
	}
	return config.LoadDefaultConfig(ctx, options...)
}

// source is a source of this command's. It goes by what it gets credentials of.
type source struct {
	role  string
	fetch func(context.Context) (evercreds.Credentials, error)
}

func (source) Method() evercreds.Method { return evercreds.MethodRegistered }

func (s source) Role() string { return s.role }

func (s source) Fetch(ctx context.Context, _ *evercreds.Flight) (evercreds.Result, error) {
	set, err := s.fetch(ctx)
	return evercreds.Result{Credentials: set}, err
}

// refetch asks a provider of the SDK's for new credentials, past the SDK's cache.
func refetch(provider aws.CredentialsProvider) func(context.Context) (evercreds.Credentials, error) {
	var had atomic.Bool
	return func(ctx context.Context) (evercreds.Credentials, error) {
		if cache, ok := provider.(*aws.CredentialsCache); ok {
			cache.Invalidate()
		}
		creds, err := sources.Retrieve(ctx, provider, had.Load())
		if e := (*sources.Error)(nil); errors.As(err, &e) {
			return evercreds.Credentials{}, &evercreds.SourceError{
				Class: evercreds.Class(e.Class), Code: e.Code, Status: e.Status, Message: e.Message, RetryAfter: e.RetryAfter,
			}
		}
		had.Store(true)
		if creds.SessionToken == "" {
			return evercreds.Credentials{}, longTerm("the profile has")
		}
		return evercreds.Credentials{
			AccessKeyID: creds.AccessKeyID, SecretAccessKey: creds.SecretAccessKey, SessionToken: creds.SessionToken,
			AccountID: creds.AccountID, Expires: creds.Expires, NoExpiry: !creds.CanExpire,
		}, nil
	}
}

// longTerm refuses keys without an end: they are not fresh, and nothing can refresh them.
func longTerm(who string) error {
	return &evercreds.SourceError{
		Class: evercreds.Permanent, Code: problem.LongTerm,
		Message: who + " long-term keys, which nothing refreshes: name a role, by --role-arn or role_arn",
	}
}

// SharedFiles tells what the two shared files say now from what they said before.
func SharedFiles() string {
	configFile, credentialsFile := ConfigFiles()
	var parts []string
	for _, path := range []string{configFile, credentialsFile} {
		written, _ := os.ReadFile(path) // what cannot be read has no part in it
		if abs, err := filepath.Abs(path); err == nil {
			path = abs
		}
		parts = append(parts, path, string(written))
	}
	return digest(parts)
}

// profileID names the group of a profile's own credentials: by all from which the SDK finds
// them. Where one of these changes they may be another identity's, so they never meet; where
// it is the same identity after all, that costs one fetch.
func (r *Role) profileID() string {
	parts := []string{CurrentProfile(r.Profile), r.Region, r.EndpointURL, fmt.Sprint(os.Getuid()), os.Getenv("HOME")}
	parts = append(parts, SharedFiles())
	for _, v := range awsVariables() {
		switch name, _, _ := strings.Cut(v, "="); name {
		case "AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION": // are in what is above, or say nothing of who it is
		default:
			parts = append(parts, v)
		}
	}
	return "evercreds profile\x00" + digest(parts)
}

// describe says in one line what a role is.
func (r *Role) describe() string {
	switch {
	case r.SourceRole != "":
		return fmt.Sprintf("assume %s (of role %s)", r.STS.RoleARN, r.SourceRole)
	case r.STS != nil:
		return fmt.Sprintf("assume %s (of %s)", r.STS.RoleARN, r.base)
	case r.IoT != nil:
		return "IoT role alias " + r.IoT.RoleAlias
	case len(r.Command) > 0:
		return "command " + filepath.Base(r.Command[0])
	}
	return r.base
}
