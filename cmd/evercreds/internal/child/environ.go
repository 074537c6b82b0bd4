package child

import (
	"os"
	"runtime"
	"strings"
)

// Outranking are the variables that SDKs take before the container endpoint, or that say
// whose credentials it has. Sources: botocore credentials.py (create_credential_resolver),
// Go config resolve_credentials.go, JS credential-provider-node defaultProvider.ts, Java
// DefaultCredentialsProvider, and the older names of each.
var Outranking = []string{
	"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN",
	"AWS_ACCESS_KEY", "AWS_SECRET_KEY", "AMAZON_ACCESS_KEY_ID", "AMAZON_SECRET_ACCESS_KEY",
	"AWS_CREDENTIAL_EXPIRATION", "AWS_CREDENTIAL_SCOPE", "AWS_ACCOUNT_ID", "AWS_CREDENTIAL_FILE",
	"AWS_PROFILE", "AWS_DEFAULT_PROFILE",
	"AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN", "AWS_ROLE_SESSION_NAME",
	"AWS_IAM_ROLE_ARN", "AWS_IAM_ROLE_SESSION_NAME",
	"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI",
	"AWS_CONTAINER_AUTHORIZATION_TOKEN", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
	"AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "BOTO_CONFIG",
	"AWS_EC2_METADATA_DISABLED", "AWS_BEARER_TOKEN_BEDROCK",
}

// Environ is an environment without what outranks, and with more.
func Environ(base []string, more map[string]string) []string {
	drop := map[string]bool{}
	for _, name := range Outranking {
		drop[name] = true
	}
	for name := range more {
		drop[fold(name)] = true
	}
	result := make([]string, 0, len(base)+len(more))
	for _, v := range base {
		// A variable of Windows may begin with "=", as "=C:".
		name, _, _ := strings.Cut(v, "=")
		if name == "" || !drop[fold(name)] && !strings.HasPrefix(fold(name), "EVERCREDS_FETCHING") {
			result = append(result, v)
		}
	}
	for name, value := range more {
		result = append(result, name+"="+value)
	}
	return result
}

// fold is a variable's name as the system compares names.
func fold(name string) string {
	if runtime.GOOS == "windows" {
		return strings.ToUpper(name)
	}
	return name
}

// Endpoint is the environment of a command that asks an endpoint of ours.
func Endpoint(url, token string, files *Files) map[string]string {
	more := files.environ()
	more["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = url
	more["AWS_CONTAINER_AUTHORIZATION_TOKEN"] = token
	return more
}

// environ names the generated files, and switches off what an SDK would try after a
// failure of the endpoint: the machine's own role is another identity.
func (f *Files) environ() map[string]string {
	return map[string]string{
		"AWS_CONFIG_FILE": f.Config, "AWS_SHARED_CREDENTIALS_FILE": f.Credentials, "BOTO_CONFIG": f.Boto,
		"AWS_EC2_METADATA_DISABLED": "true",
	}
}

// Files are the shared files that a command sees in place of the user's.
type Files struct {
	Dir, Config, Credentials, Boto string
}

// Remove deletes them.
func (f *Files) Remove() { _ = os.RemoveAll(f.Dir) }

// Fixed is the environment of a command that knows nothing but keys.
func Fixed(files *Files, variables [][2]string) map[string]string {
	more := files.environ()
	for _, v := range variables {
		more[v[0]] = v[1]
	}
	return more
}
