package child

import (
	"slices"
	"strings"
	"testing"
)

const usersConfig = `# mine
[default]
region = eu-west-1
aws_access_key_id = AKIDEFAULT
aws_secret_access_key = no
[profile work]
Region = eu-central-1
role_arn = arn:aws:iam::123456789012:role/other
source_profile = default
sso_session = corp
credential_process = /bin/other
services = local
s3 =
    max_concurrent_requests = 20
    addressing_style = path
output=json
[sso-session corp]
sso_start_url = https://corp.example
[services local]
dynamodb =
  endpoint_url = http://127.0.0.1:8000
`

func TestGeneratedFileKeepsSettingsAndNoCredentials(t *testing.T) {
	got := Generated(usersConfig, "[work]\naws_access_key_id = AKIWORK\naws_session_token = t\nregion = ignored\ncli_pager =\n", "work")
	want := `# Made by "evercreds run"; the settings are those of profile work.
[default]
Region = eu-central-1
services = local
s3 =
    max_concurrent_requests = 20
    addressing_style = path
output=json
cli_pager =

[services local]
dynamodb =
  endpoint_url = http://127.0.0.1:8000
`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got := Generated(usersConfig, "", "default"); !strings.Contains(got, "region = eu-west-1\n") || strings.Contains(got, "AKID") {
		t.Errorf("default: got\n%s", got)
	}
	if got := Generated("", "", "a]\n[default]\nrole_arn = x"); strings.Count(got, "\n[") > 1 {
		t.Errorf("a name of two lines: got\n%s", got)
	}
}

func TestEnvironHasNothingThatOutranks(t *testing.T) {
	var base []string
	for _, name := range Outranking {
		base = append(base, name+"=theirs")
	}
	base = append(base, "AWS_REGION=eu-west-1", "PATH=/bin", "=C:=C:\\x")
	got := Environ(base, Endpoint("http://127.0.0.1:1/credentials/run", "t", &Files{Config: "c", Credentials: "d", Boto: "b"}))
	for _, v := range got {
		if strings.HasSuffix(v, "=theirs") {
			t.Errorf("%s is left", v)
		}
	}
	for _, v := range []string{
		"AWS_REGION=eu-west-1", "PATH=/bin", "=C:=C:\\x", "AWS_CONTAINER_CREDENTIALS_FULL_URI=http://127.0.0.1:1/credentials/run",
		"AWS_CONFIG_FILE=c", "AWS_SHARED_CREDENTIALS_FILE=d", "BOTO_CONFIG=b", "AWS_EC2_METADATA_DISABLED=true",
	} {
		if !slices.Contains(got, v) {
			t.Errorf("%s is missing", v)
		}
	}
}
