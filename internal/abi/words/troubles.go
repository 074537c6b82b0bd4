package words

import (
	"slices"
	"strings"

	"github.com/evercreds/evercreds/core"
)

// Trouble is a cause of failed refreshes that is known: what is wrong, and what to do.
// Its sentence comes first in the error, whatever the service said.
type Trouble struct {
	// Name is our own word for it. Users see it as the AWS error code where no service
	// has given one.
	Name string
	// Codes are the error codes of services that mean it.
	Codes []string
	// Statuses of HTTP mean it where a reply has no error code.
	Statuses []int
	// Message is how the service's message begins. "": however it likes.
	Message string
	// Methods have it. None: all have.
	Methods []core.Method
	// As is the code that core sorts it by, where it has no Codes.
	As string
	// Wrong says what is wrong, Do what to do about it, and Why how it comes about.
	Wrong, Do, Why string
}

var (
	ofSTS = []core.Method{core.MethodSTS}
	ofIoT = []core.Method{core.MethodIoT}
	ofAWS = []core.Method{core.MethodSTS, core.MethodIoT}
)

// Troubles has the more special ones first.
var Troubles = []Trouble{
	{
		Name: "no_region", Methods: ofSTS, As: "Configuration",
		Wrong: "there is no region to call STS in", Do: "set {regionVariable}, or {region}",
		Why: "neither the program, nor the environment, nor the profile names a region",
	},
	{
		Name: "no_profile", Methods: ofSTS, As: "NoCredentials",
		Wrong: "the profile gives no base credentials", Do: "correct its name in AWS_PROFILE or {profile}, or set it up with \"aws configure --profile\"",
		Why: "AWS_PROFILE or the program names a profile that the AWS config files do not have, or that has no credentials",
	},
	{
		Name: "login_ended", Methods: ofSTS,
		Wrong: "the SSO login has ended", Do: "run \"aws sso login\"",
		Why: "the token of IAM Identity Center is missing or has expired",
	},
	{
		Name: "no_credentials", Methods: ofSTS, As: "NoCredentials",
		Wrong: "there are no base credentials to call STS with", Do: "set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run \"aws configure\"",
		Why: "no link of the SDK's chain has credentials; on EC2, ECS and EKS: the machine or the pod has no role",
	},
	{
		Name: "short_base", Methods: ofSTS, As: "Configuration",
		Wrong: "the base credentials live for less than a minute", Do: "have the session that they are of ask for longer lives",
		Why: "roles are chained, and the call of the second needs the first one's credentials for a minute",
	},
	{
		Name: "no_code", Methods: ofSTS, As: "MFARefused",
		Wrong: "there is no one-time code", Do: "check {mfa}, and what it gives",
		Why: "the function failed, the command printed no code of six digits, or a code came twice",
	},
	{
		Name: "mfa_refused", Methods: ofSTS, Codes: []string{"AccessDenied"}, Message: "MultiFactorAuthentication",
		Wrong: "the one-time code was refused", Do: "check the code, SerialNumber and the clock of the device; each code is good for one call",
		Why: "the code is of another device or another minute, or was used before",
	},
	{
		Name: "access_denied", Methods: ofSTS, Codes: []string{"AccessDenied", "AccessDeniedException"},
		Wrong: "STS denied the role", Do: "check that the role exists, that its trust policy names the caller, and that the caller may call sts:AssumeRole",
		Why: "there is no such role, its trust policy does not let the caller in (account, ExternalId, MFA, SourceIdentity), or a policy of the caller's denies the call",
	},
	{
		Name: "alias_denied", Methods: ofIoT, Codes: []string{"AccessDenied", "AccessDeniedException", "ForbiddenException"}, Statuses: []int{401, 403},
		Wrong: "AWS IoT denied the role alias", Do: "check that the certificate is active, is attached to the thing, and has a policy that allows iot:AssumeRoleWithCertificate",
		Why: "the certificate, its policy or the thing's name does not fit the role alias",
	},
	{
		Name: "no_alias", Methods: ofIoT, Codes: []string{"ResourceNotFoundException"}, Statuses: []int{404},
		Wrong: "AWS IoT does not know the role alias", Do: "check its name, the account and the region of the endpoint",
		Why: "the role alias is misspelt, or is of another account or region",
	},
	{
		Name: "unknown_key", Methods: ofAWS, Codes: []string{"InvalidClientTokenId", "UnrecognizedClientException", "InvalidAccessKeyId"},
		Wrong: "AWS does not know the access key", Do: "check that the base credentials are complete, active and of this partition",
		Why: "the access key was deleted or deactivated, its session token is missing or of another key, or AWS is not asked but a test server",
	},
	{
		Name: "clock", Methods: ofAWS, Codes: []string{"SignatureDoesNotMatch", "InvalidSignatureException", "RequestTimeTooSkewed", "RequestExpired"},
		Wrong: "the signature was refused", Do: "set this machine's clock right, and check the secret key of the base credentials",
		Why: "the clock is more than 5 minutes off, the secret key is wrong, or a proxy changes the request",
	},
	{
		Name: "expired_credentials", Methods: ofAWS, Codes: []string{"ExpiredToken", "ExpiredTokenException"},
		Wrong: "the base credentials have expired", Do: "renew them, such as with \"aws sso login\"",
		Why: "the base credentials are temporary, and nothing renews them",
	},
	{
		Name: "throttled", Codes: []string{"Throttling", "ThrottlingException", "ThrottledException", "TooManyRequestsException", "RequestLimitExceeded", "SlowDown", "LimitExceededException"}, Statuses: []int{429},
		Wrong: "the service asks for a slower pace", Do: "wait; if it lasts, share one session among the callers, or set jitter",
		Why: "too many calls in the account or the region",
	},
	{
		Name: "region_disabled", Methods: ofSTS, Codes: []string{"RegionDisabledException"},
		Wrong: "STS is switched off in that region", Do: "switch it on in the account settings of IAM, or use another region",
		Why: "the region has to be enabled for the account",
	},
	{
		Name: "bad_request", Methods: ofSTS, Codes: []string{"ValidationError", "MalformedPolicyDocument", "PackedPolicyTooLarge", "InvalidParameterValue", "MissingParameter"},
		Wrong: "STS refused a parameter", Do: "correct the parameter that its message names",
		Why: "a parameter of AssumeRole is out of range, or the policies are too large; DurationSeconds above the role's maximum is one",
	},
	{
		Name: "proxy", Statuses: []int{407},
		Wrong: "the proxy did not let the call through", Do: "check HTTPS_PROXY and NO_PROXY",
		Why: "the proxy cannot be reached, or wants a login",
	},
	{
		Name: "no_aws_reply", Methods: ofSTS, Statuses: []int{301, 302, 303, 307, 308, 400, 404, 405, 500, 501, 502, 503, 504, 511},
		Wrong: "another server answered in AWS's place", Do: "check the endpoint, HTTPS_PROXY and NO_PROXY",
		Why: "a proxy, a captive portal or a load balancer answered, or the endpoint is not AWS's",
	},
	{
		Name: "service_down",
		Codes: []string{
			"ServiceUnavailable", "ServiceUnavailableException", "InternalFailure", "InternalFailureException",
			"InternalError", "InternalServerError", "InternalServerErrorException", "InternalServiceError", "InternalServiceException",
			"InternalException", "IDPCommunicationError",
		},
		Statuses: []int{500, 502, 503, 504},
		Wrong:    "the service has a fault of its own", Do: "wait; if it lasts, see the AWS Health Dashboard, or use another region's endpoint",
		Why: "the service, or what it stands on, is down or overloaded in the region",
	},
	{
		Name:  "tls",
		Wrong: "the server's certificate is not trusted", Do: "check {ca}, the endpoint and this machine's clock",
		Why: "a proxy that opens TLS has a CA of its own, or the endpoint has another name than the certificate",
	},
	{
		Name:  "timeout",
		Wrong: "the endpoint did not answer in time", Do: "check network, firewall and proxy",
		Why: "packets are dropped on the way, or the service is slow",
	},
	{
		Name:  "network",
		Wrong: "the endpoint could not be reached", Do: "check network, DNS, proxy and the region's name",
		Why: "there is no route, no such host, or nobody listens there",
	},
}

// Sentence is what is wrong and what to do.
func (t *Trouble) Sentence() string { return t.Wrong + ": " + t.Do }

// TroubleOf finds what a service's answer means. nil: it is not known.
func TroubleOf(m core.Method, code string, status int, message string) *Trouble {
	for i := range Troubles {
		t := &Troubles[i]
		if t.of(m) && (slices.Contains(t.Codes, code) && strings.HasPrefix(message, t.Message) ||
			code == "" && slices.Contains(t.Statuses, status)) {
			return t
		}
	}
	return nil
}

// OwnWord finds one by our own word for it, whatever the method: a source says it by itself.
func OwnWord(name string) *Trouble {
	for i := range Troubles {
		if Troubles[i].Name == name {
			return &Troubles[i]
		}
	}
	return nil
}

// TroubleNamed finds one by our own word for it.
func TroubleNamed(m core.Method, name string) *Trouble {
	for i := range Troubles {
		if t := &Troubles[i]; t.Name == name && t.of(m) {
			return t
		}
	}
	return nil
}

func (t *Trouble) of(m core.Method) bool { return t.Methods == nil || slices.Contains(t.Methods, m) }
