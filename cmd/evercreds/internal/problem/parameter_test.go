package problem_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/evercreds/evercreds"
	"github.com/evercreds/evercreds/cmd/evercreds/internal/problem"
)

// TestParametersAreTheCommands: a parameter that the library refuses has its name in the
// configuration file, and its flag.
func TestParametersAreTheCommands(t *testing.T) {
	for _, c := range []struct{ parameter, expected, want string }{
		{"RoleARN", "must be 20 to 2048 characters", "config: role_arn (--role-arn) must be 20 to 2048 characters"},
		{"Region", "of the aws.Config must be set: so", "config: region (--region) must be set: so"},
		{"Signer", "must have the key of Certificate", "config: pkcs11 must have the key of certificate (--iot-certificate)"},
		{"refresh_timeout", "must be seconds from 1", "config: refresh_timeout_seconds (--refresh-timeout) must be seconds from 1"},
		{"MinTTL", "must be from 0 to 36 hours", "config: --min-ttl must be from 0 to 36 hours"},
	} {
		err := problem.Sort(&evercreds.ParameterError{Parameter: c.parameter, Expected: c.expected})
		if err.Error() != c.want {
			t.Errorf("%q, want %q", err, c.want)
		}
	}
}

// TestNoRemedyNamesGo: the sentences of the library's errors have the command's flags.
func TestNoRemedyNamesGo(t *testing.T) {
	inGo := regexp.MustCompile(`MFACommand|aws\.Config|config\.With|MinTTL|MFA or`)
	for _, text := range problem.Sentences() {
		if inGo.MatchString(text) || strings.ContainsAny(text, "{}") {
			t.Errorf("%q", text)
		}
	}
}
