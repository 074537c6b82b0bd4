// Package roles knows what a role is, reads roles from flags, profiles and files, and
// makes sessions of them.
package roles

import (
	"net/url"
	"regexp"

	"github.com/evercreds/evercreds/cmd/evercreds/internal/problem"
)

// Role says how to get one set of credentials, and keep it fresh. Without STS, Command
// and IoT, the profile's own credentials are meant.
type Role struct {
	Name        string   `yaml:"-"`
	Profile     string   `yaml:"profile"`      // of ~/.aws/config: the base credentials; default: the current one
	Region      string   `yaml:"region"`       // default: the profile's
	EndpointURL string   `yaml:"endpoint_url"` // of STS; default: AWS's
	SourceRole  string   `yaml:"source_role"`  // another role of the file, whose credentials are the base
	STS         *STS     `yaml:"sts"`
	Command     []string `yaml:"command"` // prints credentials as a credential_process does
	IoT         *IoT     `yaml:"iot"`
	Refresh     Refresh  `yaml:"refresh"`

	// ShareID tells what a command's credentials are of, where the command itself does not.
	ShareID string `yaml:"-"`

	base string // describes the base credentials, once they are known
}

// STS has the parameters of AssumeRole, by the names that AWS's own tools have for them.
type STS struct {
	RoleARN                 string            `yaml:"role_arn"`
	RoleSessionName         string            `yaml:"role_session_name"`
	DurationSeconds         int               `yaml:"duration_seconds"`
	ExternalID              string            `yaml:"external_id"`
	SourceIdentity          string            `yaml:"source_identity"`
	Tags                    map[string]string `yaml:"tags"`
	TransitiveTagKeys       []string          `yaml:"transitive_tag_keys"`
	Policy                  string            `yaml:"policy"`
	PolicyARNs              []string          `yaml:"policy_arns"`
	ProvidedContexts        []Context         `yaml:"provided_contexts"`
	MinimumSessionTokenSize int               `yaml:"minimum_session_token_size"`
	SerialNumber            string            `yaml:"serial_number"`
	MFACommand              []string          `yaml:"mfa_command"`
	MFA                     string            `yaml:"mfa"` // prompt (default) or pinentry
}

// Context is one of AssumeRole's ProvidedContexts.
type Context struct {
	ProviderARN      string `yaml:"provider_arn"`
	ContextAssertion string `yaml:"context_assertion"`
}

// IoT has the parameters of the AWS IoT credentials provider.
type IoT struct {
	Endpoint        string  `yaml:"endpoint"`
	Address         string  `yaml:"address"` // HOST:PORT to connect to; default: the endpoint's
	RoleAlias       string  `yaml:"role_alias"`
	ThingName       string  `yaml:"thing_name"`
	Certificate     string  `yaml:"certificate"` // files
	PrivateKey      string  `yaml:"private_key"`
	CA              string  `yaml:"ca"`
	TimeoutSeconds  int     `yaml:"timeout_seconds"`
	DurationSeconds int     `yaml:"duration_seconds"`
	PKCS11          *PKCS11 `yaml:"pkcs11"`
}

// PKCS11 says which key of a token signs. Only the build evercreds-pkcs11 has it.
type PKCS11 struct {
	Library         string `yaml:"library"`
	PINFile         string `yaml:"pin_file"`
	SlotID          *uint  `yaml:"slot_id"`
	TokenLabel      string `yaml:"token_label"`
	PrivateKeyLabel string `yaml:"private_key_label"`
}

// Refresh has the session's windows, in seconds; nil is the command's default.
type Refresh struct {
	AdvisorySeconds  *int `yaml:"advisory_timeout_seconds"`
	MandatorySeconds *int `yaml:"mandatory_timeout_seconds"`
	TimeoutSeconds   *int `yaml:"refresh_timeout_seconds"`
}

var nameForm = regexp.MustCompile(`^[A-Za-z0-9_]([A-Za-z0-9_.-]{0,62}[A-Za-z0-9_-])?$`)

// Check refuses a role that names more than one source, or has a name that is no path.
func (r *Role) Check() error {
	if !nameForm.MatchString(r.Name) {
		return problem.Config.New("role name: must be 1 to 64 of A-Z a-z 0-9 _ . -, and not begin with . or -, nor end with .; got %q", r.Name)
	}
	if u, err := url.Parse(r.EndpointURL); r.EndpointURL != "" && (err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https") {
		return problem.Config.New("role %s: endpoint_url (--endpoint-url): must be a URL that begins with https:// or http://", r.Name)
	}
	sources := 0
	for _, there := range []bool{r.STS != nil, len(r.Command) > 0, r.IoT != nil} {
		if there {
			sources++
		}
	}
	if sources > 1 {
		return problem.Config.New("role %s: must have one of sts, command and iot, not several", r.Name)
	}
	if r.SourceRole != "" && (r.STS == nil || r.Profile != "") {
		return problem.Config.New("role %s: source_role goes with sts alone, and without profile", r.Name)
	}
	if r.STS != nil {
		switch r.STS.MFA {
		case "", "prompt", "pinentry":
		default:
			return problem.Config.New("role %s: mfa: must be prompt or pinentry; got %q", r.Name, r.STS.MFA)
		}
		if r.STS.SerialNumber == "" && (r.STS.MFA != "" || len(r.STS.MFACommand) > 0) {
			return problem.Config.New("role %s: mfa and mfa_command need serial_number", r.Name)
		}
	}
	return nil
}
