package command

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"
)

// TestSources has each kind of source give its identity.
func TestSources(t *testing.T) {
	t.Parallel()
	w := newWorld(t, time.Hour)
	process, _ := w.script(time.Hour)
	keys := "aws_access_key_id = " + w.aws.Base.AccessKeyID + "\naws_secret_access_key = " + w.aws.Base.SecretAccessKey + "\n"
	w.env["AWS_CONFIG_FILE"] = w.file("config", `
[profile base]
`+keys+`
[profile assumed]
role_arn = arn:aws:iam::123456789012:role/assumed
source_profile = base
role_session_name = mine
duration_seconds = 900
region = us-east-1
[profile itself]
role_arn = arn:aws:iam::123456789012:role/itself
source_profile = itself
`+keys+`
[profile twice]
role_arn = arn:aws:iam::123456789012:role/twice
source_profile = assumed
`)
	w.without("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
	config := w.file("roles.yaml", `
roles:
  app: { profile: base, sts: { role_arn: "arn:aws:iam::123456789012:role/app", tags: { a: b }, policy_arns: [ "arn:aws:iam::aws:policy/ReadOnlyAccess" ] } }
  chained: { source_role: app, sts: { role_arn: "arn:aws:iam::123456789012:role/chained" } }
  again: { source_role: chained, sts: { role_arn: "arn:aws:iam::123456789012:role/again" } }
`)
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"--profile", "assumed"}, "assumed-role/assumed/mine"},
		{[]string{"--profile", "itself"}, "assumed-role/itself/evercreds"},
		{[]string{"--profile", "twice"}, "assumed-role/twice/evercreds"},
		{[]string{"--profile", "base", "--role-arn", role}, "assumed-role/app/evercreds"},
		{[]string{"--config", config, "--role", "app"}, "assumed-role/app/evercreds"},
		{[]string{"--config", config, "--role", "chained"}, "assumed-role/chained/evercreds"},
		{[]string{"--config", config, "--role", "again"}, "assumed-role/again/evercreds"},
	} {
		if out := w.good(append([]string{"whoami"}, c.args...)...); !strings.Contains(out, c.want) {
			t.Errorf("%q: got %s, want %s", c.args, out, c.want)
		}
	}
	// A command's set is its own, so it is only looked at.
	commands := w.file("commands.yaml", "roles: { c: { command: ["+process+", x] } }")
	if key := keyOf(w.good("credential-process", "--config", commands, "--role", "c")); !strings.HasSuffix(key, "-x") {
		t.Errorf("a command: got %q", key)
	}
}

// TestADevice has a device's certificate give the identity of its role alias.
func TestADevice(t *testing.T) {
	t.Parallel()
	w := newWorld(t, time.Hour)
	address, err := url.Parse(w.aws.TLSURL)
	if err != nil {
		t.Fatal(err)
	}
	config := w.file("device.yaml", fmt.Sprintf(`
roles:
  device:
    region: us-east-1
    iot: { endpoint: abc.credentials.iot.us-east-1.amazonaws.com, address: %q, role_alias: stand-in-alias, thing_name: stand-in-thing, certificate: %q, private_key: %q, ca: %q }
  token:
    iot: { endpoint: abc.credentials.iot.us-east-1.amazonaws.com, address: %q, role_alias: stand-in-alias, certificate: %q, pkcs11: { library: /usr/lib/softhsm/libsofthsm2.so } }
`, address.Host, w.aws.ClientEC.CertFile, w.aws.ClientEC.KeyFile, w.aws.CAFile, address.Host, w.aws.ClientEC.CertFile))
	out, errs, code := w.run("whoami", "--config", config, "--role", "device")
	if code != 0 || !strings.Contains(out, "assumed-role/") {
		t.Errorf("exit code %d: %s%s", code, out, errs)
	}
	if _, errs, code := w.run("whoami", "--config", config, "--role", "token"); code != 3 || !strings.Contains(errs, "evercreds-pkcs11") {
		t.Errorf("a token, without PKCS#11: exit code %d, %s", code, errs)
	}
}

// TestIdentitiesNeverMeetInTheStore has processes of one user that find their credentials in
// other places: each has its own, and none what another has put into the store.
func TestIdentitiesNeverMeetInTheStore(t *testing.T) {
	t.Parallel()
	w := newWorld(t, time.Hour)
	server := w.serve("--config", w.file("roles.yaml", twoRoles))
	w.without("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
	process, runs := w.script(time.Hour)
	profile := func(arg string) {
		w.env["AWS_CONFIG_FILE"] = w.file("config", "[default]\nregion = us-east-1\ncredential_process = "+process+" "+arg+"\n")
	}
	profile("a")
	first := keyOf(w.good("export", "--format", "process"))
	if again := keyOf(w.good("export", "--format", "process")); again != first || runs() != 1 {
		t.Errorf("the same profile: %q and then %q, by %d runs", first, again, runs())
	}
	profile("b") // its owner has changed it
	if changed := keyOf(w.good("export", "--format", "process")); !strings.HasSuffix(changed, "-b") {
		t.Errorf("a profile that was changed has the set of before: %q", changed)
	}
	w.without("AWS_CONFIG_FILE")
	for _, name := range []string{"app", "other"} {
		w.env["AWS_CONTAINER_CREDENTIALS_FULL_URI"], w.env["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] = server.urls[name], server.tokens[name]
		if who := w.good("whoami"); !strings.Contains(who, "assumed-role/"+name+"/") {
			t.Errorf("at the endpoint of role %s: %s", name, who)
		}
	}
}
