package problem

import (
	"regexp"
	"strings"

	"github.com/evercreds/evercreds"
)

// spelled has the library's parameters as users of the command write them: by the key of
// the configuration file, and by the flag, where there is one.
var spelled = map[string]string{
	"RoleARN": "role_arn (--role-arn)", "RoleSessionName": "role_session_name (--role-session-name)",
	"ExternalID": "external_id (--external-id)", "SourceIdentity": "source_identity (--source-identity)",
	"SerialNumber": "serial_number (--serial-number)", "MFACommand": "mfa_command (--mfa-command)",
	"Duration": "duration_seconds (--duration-seconds)", "Tags": "tags (--tag)",
	"TransitiveTagKeys": "transitive_tag_keys (--transitive-tag-key)", "Policy": "policy (--policy)",
	"PolicyARNs": "policy_arns (--policy-arn)", "MinimumSessionTokenSize": "minimum_session_token_size",
	"ProvidedContexts": "provided_contexts", "ProviderArn": "provider_arn", "ContextAssertion": "context_assertion",
	"Region": "region (--region)", "MinTTL": "--min-ttl",
	"Endpoint": "endpoint (--iot-endpoint)", "RoleAlias": "role_alias (--iot-role-alias)",
	"ThingName": "thing_name (--iot-thing-name)", "Certificate": "certificate (--iot-certificate)",
	"PrivateKey": "private_key (--iot-private-key)", "CA": "ca (--iot-ca)", "Signer": "pkcs11", "Timeout": "timeout_seconds",
	"advisory_timeout":  "advisory_timeout_seconds (--advisory-timeout)",
	"mandatory_timeout": "mandatory_timeout_seconds (--mandatory-timeout)",
	"refresh_timeout":   "refresh_timeout_seconds (--refresh-timeout)",
}

var name = regexp.MustCompile(`\w+`)

// parameter says what is wrong with a parameter, in the words of this command.
func parameter(e *evercreds.ParameterError) string {
	text := e.Parameter + " " + strings.TrimPrefix(e.Expected, "of the aws.Config ")
	said := map[string]bool{}
	return name.ReplaceAllStringFunc(text, func(word string) string {
		as, ok := spelled[word]
		if !ok || said[word] {
			return word
		}
		said[word] = true
		return as
	})
}
