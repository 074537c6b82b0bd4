package roles

import (
	"encoding/json"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func TestWrongFilesAreRefused(t *testing.T) {
	for text, says := range map[string]string{
		"nonsense: 1":                                 "nonsense",
		"roles: { a: { sts: { rolearn: x } } }":       "rolearn",
		"roles: { a: { command: [x], sts: {} } }":     "one of sts, command and iot",
		"roles: { a/b: {} }":                          "role name",
		"roles: { ..: {} }":                           "role name",
		"roles: { a: { source_role: b, sts: {} } }":   `no role "b"`,
		"roles: { a: { source_role: a, sts: {} } }":   "comes back",
		"roles: { a: { source_role: b } }":            "source_role goes with sts",
		"imds: x":                                     "imds",
		"roles: { a: { sts: { mfa: x } } }":           "prompt or pinentry",
		"roles: { a: { sts: { mfa_command: [x] } } }": "serial_number",
		"roles: [": "line 1",
	} {
		if _, err := Parse([]byte(text)); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: got %v", text, err)
		}
	}
	if file, err := Parse(nil); err != nil || len(file.Roles) != 0 {
		t.Errorf("an empty file: %v", err)
	}
	if file, err := Parse([]byte(`{"roles": {"a": {"sts": {"role_arn": "x"}}}}`)); err != nil || file.Roles["a"].STS.RoleARN != "x" {
		t.Errorf("JSON: %v", err)
	}
}

// TestPageHasAFileThatIsRead reads the configuration file that docs/guides/command.md shows.
func TestPageHasAFileThatIsRead(t *testing.T) {
	page, err := os.ReadFile("../../../../docs/guides/command.md")
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(page), "<!-- tested: config -->\n```yaml\n")
	text, _, _ := strings.Cut(after, "```")
	file, err := Parse([]byte(text))
	if err != nil || !slices.Equal(file.Names(), []string{"admin", "app", "chained", "device", "sso"}) {
		t.Errorf("got %q, %v", file.Names(), err)
	}
}

// TestSchemaHasWhatFilesHave compares the schema's properties with the structs' fields.
func TestSchemaHasWhatFilesHave(t *testing.T) {
	type object struct {
		Properties map[string]json.RawMessage `json:"properties"`
	}
	var schema struct {
		object
		Defs map[string]object `json:"$defs"`
	}
	if err := json.Unmarshal(Schema, &schema); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		has object
		of  any
	}{
		"the file": {schema.object, File{}}, "role": {schema.Defs["role"], Role{}}, "sts": {schema.Defs["sts"], STS{}},
		"context": {schema.Defs["context"], Context{}}, "iot": {schema.Defs["iot"], IoT{}},
		"pkcs11": {schema.Defs["pkcs11"], PKCS11{}}, "refresh": {schema.Defs["refresh"], Refresh{}},
	} {
		want := map[string]bool{}
		for i := range reflect.TypeOf(c.of).NumField() {
			field := reflect.TypeOf(c.of).Field(i)
			if tag := field.Tag.Get("yaml"); tag != "-" && field.IsExported() {
				want[tag] = true
			}
		}
		for property := range c.has.Properties {
			if !want[property] {
				t.Errorf("%s: the schema alone has %q", name, property)
			}
			delete(want, property)
		}
		for property := range want {
			t.Errorf("%s: the schema lacks %q", name, property)
		}
	}
}

func TestWhatACommandPrints(t *testing.T) {
	good := `{"Version":1,"AccessKeyId":"A","SecretAccessKey":"hidden","SessionToken":"hidden","Expiration":"2030-01-02T03:04:05+02:00"}`
	set, err := parsePrinted([]byte(good), "it")
	if err != nil || set.AccessKeyID != "A" || set.Expires.UTC().Hour() != 1 {
		t.Errorf("got %v, %v", set, err)
	}
	for text, says := range map[string]string{
		"":                                       "no JSON",
		"hidden":                                 "no JSON",
		strings.Replace(good, ":1,", ":2,", 1):   "Version 2",
		strings.Replace(good, "2030", "20x0", 1): "Expiration",
		strings.Replace(good, `"A"`, `""`, 1):    "AccessKeyId",
		strings.Replace(good, `"SessionToken":"hidden",`, "", 1): "long-term keys",
	} {
		if _, err := parsePrinted([]byte(text), "it"); err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "hidden") {
			t.Errorf("%q: got %v", text, err)
		}
	}
}
