package roles

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"
)

// validator is the schema, as editors use it.
func validator(t *testing.T) func(text string) error {
	t.Helper()
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.DefaultDraft(jsonschema.Draft2020)
	if err := compiler.AddResource("schema.json", document); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return func(text string) error {
		t.Helper()
		var value any
		if err := yaml.Unmarshal([]byte(text), &value); err != nil {
			t.Fatalf("%v in\n%s", err, text)
		}
		asJSON, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		read, err := jsonschema.UnmarshalJSON(bytes.NewReader(asJSON))
		if err != nil {
			t.Fatal(err)
		}
		return schema.Validate(read)
	}
}

// whole has every property that a file may have.
const whole = `
listen: 127.0.0.1:9911
imds: app
metrics: true
hosts: [build.local]
roles:
  plain:
  app:
    profile: base
    region: us-east-1
    endpoint_url: https://sts.us-east-1.amazonaws.com
    sts:
      role_arn: arn:aws:iam::123456789012:role/app
      role_session_name: app
      duration_seconds: 3600
      external_id: secret-handshake
      source_identity: ann
      tags: { team: blue }
      transitive_tag_keys: [team]
      policy: '{"Version":"2012-10-17","Statement":[]}'
      policy_arns: [arn:aws:iam::aws:policy/ReadOnlyAccess]
      provided_contexts: [{ provider_arn: arn:aws:iam::aws:contextProvider/IdentityCenter, context_assertion: x }]
      minimum_session_token_size: 0
      serial_number: arn:aws:iam::123456789012:mfa/me
      mfa_command: [code]
      mfa: pinentry
    refresh: { advisory_timeout_seconds: 900, mandatory_timeout_seconds: 600, refresh_timeout_seconds: 60 }
  chained: { source_role: app, sts: { role_arn: "arn:aws:iam::123456789012:role/chained" } }
  printed: { command: [corp-login, --account, "123456789012"] }
  device:
    iot:
      endpoint: abc123.credentials.iot.us-east-1.amazonaws.com
      address: 10.0.0.1:443
      role_alias: device
      thing_name: device
      certificate: /etc/device/cert.pem
      private_key: /etc/device/key.pem
      ca: /etc/device/ca.pem
      timeout_seconds: 10
      duration_seconds: 3600
  token:
    iot:
      endpoint: abc123.credentials.iot.us-east-1.amazonaws.com
      role_alias: device
      certificate: /etc/device/cert.pem
      pkcs11: { library: /usr/lib/softhsm/libsofthsm2.so, pin_file: /etc/pin, slot_id: 1, token_label: a, private_key_label: b }
`

// documented are the configuration files that the pages show.
func documented(t *testing.T) []string {
	t.Helper()
	pages, err := filepath.Glob("../../../../docs/guides/command*.md")
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	mark := regexp.MustCompile("(?s)<!-- tested: config[a-z ]* -->\n```yaml\n(.*?)```")
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, block := range mark.FindAllStringSubmatch(string(text), -1) {
			found = append(found, block[1])
		}
	}
	if len(found) == 0 {
		t.Fatal("no page shows a configuration file")
	}
	return found
}

func TestSchemaTakesWhatIsRead(t *testing.T) {
	validate := validator(t)
	for _, text := range append(documented(t), whole, "roles: {}", `{"roles": {"a": {}}}`) {
		if err := validate(text); err != nil {
			t.Errorf("the schema refuses\n%s%v", text, err)
		}
		if _, err := Parse([]byte(text)); err != nil {
			t.Errorf("the command refuses\n%s%v", text, err)
		}
	}
}

// TestMisspeltKeysAreRefused misspells each key of a whole file in turn.
func TestMisspeltKeysAreRefused(t *testing.T) {
	validate := validator(t)
	keys := regexp.MustCompile(`(?m)(?:^ *|[{,] |\[\{ )([a-z_0-9]+):`).FindAllStringSubmatchIndex(whole, -1)
	// These are names of the user's own.
	own := map[string]bool{"plain": true, "app": true, "chained": true, "printed": true, "device": true, "token": true, "team": true}
	misspelt := 0
	for _, at := range keys {
		key := whole[at[2]:at[3]]
		if own[key] {
			continue
		}
		misspelt++
		text := whole[:at[2]] + key + "x" + whole[at[3]:]
		if validate(text) == nil {
			t.Errorf("the schema takes %sx", key)
		}
		if _, err := Parse([]byte(text)); err == nil || !strings.Contains(err.Error(), key+"x") {
			t.Errorf("the command takes %sx: %v", key, err)
		}
	}
	if misspelt < 45 {
		t.Errorf("only %d keys were misspelt", misspelt)
	}
}

func TestSchemaRefusesWhatCannotBe(t *testing.T) {
	validate := validator(t)
	for _, text := range []string{
		"roles: []", "metrics: 1", "hosts: a", "roles: { a/b: {} }", "roles: { a: x }",
		"roles: { a: { command: [] } }", "roles: { a: { command: x } }", "roles: { a: { sts: {} } }",
		"roles: { a: { sts: { role_arn: short } } }", "roles: { a: { sts: { role_arn: 1 } } }",
		"roles: { a: { sts: { role_arn: 'arn:aws:iam::123456789012:role/app', duration_seconds: 1h } } }",
		"roles: { a: { sts: { role_arn: 'arn:aws:iam::123456789012:role/app', duration_seconds: 60 } } }",
		"roles: { a: { sts: { role_arn: 'arn:aws:iam::123456789012:role/app', mfa: ask } } }",
		"roles: { a: { iot: { endpoint: x } } }",
	} {
		if validate(text) == nil {
			t.Errorf("the schema takes %s", text)
		}
	}
}
