package command

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"github.com/evercreds/evercreds/cmd/evercreds/internal/problem"
	"github.com/evercreds/evercreds/internal/awstest"
)

const role = "arn:aws:iam::123456789012:role/app"

// inGo has what no user of the command knows: names of functions and of Go's fields.
var inGo = regexp.MustCompile(`\.func\d|roles\.|strconv|unmarshal|RoleARN|MFACommand|aws\.Config|config\.With`)

func TestExitCodes(t *testing.T) {
	cases := []struct {
		name string
		args []string
		set  func(w *world)
		want problem.Kind
		says string
	}{
		{"a wrong flag", []string{"whoami", "--nonsense"}, nil, problem.Usage, "nonsense"},
		{"a wrong command", []string{"nonsense"}, nil, problem.Usage, "nonsense"},
		{"a number that is none", []string{"whoami", "--role-arn", role, "--duration-seconds", "1h"}, nil, problem.Usage, `--duration-seconds: must be a whole number; got "1h"`},
		{"a role from a variable that is not set", []string{"run", "--role-arn", "", "--", "true"}, nil, problem.Usage, "--role-arn: its value is empty"},
		{"a time that is none", []string{"export", "--min-ttl", "5"}, nil, problem.Usage, `--min-ttl: must be a time such as 90s or 10m; got "5"`},
		{"an endpoint that is no URL", []string{"whoami", "--role-arn", role, "--endpoint-url", "sts.example"}, nil, problem.Config, "--endpoint-url"},
		{"a port that is none", []string{"serve", "--listen", "127.0.0.1:http", "--role-arn", role}, nil, problem.Config, "0 to 65535"},
		{"a socket with a long path", []string{"serve", "--control", "/tmp/" + strings.Repeat("x", 120), "--role-arn", role}, nil, problem.Config, "give a shorter one"},
		{"no home", []string{"whoami", "--role-arn", role}, func(w *world) { w.without("HOME", "XDG_RUNTIME_DIR", "XDG_CACHE_HOME") }, problem.Store, "EVERCREDS_STORE"},
		{"no place for files", []string{"run", "--role-arn", role, "--", "true"}, func(w *world) { w.env["TMPDIR"] = w.dir + "/none" }, problem.NotStarted, "config: TMPDIR"},
		{"a profile that is its own base", []string{"credential-process", "--role-arn", role}, func(w *world) {
			w.without("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
			w.env["AWS_PROFILE"] = "app"
			w.env["AWS_CONFIG_FILE"] = w.file("config", "[profile app]\nregion = us-east-1\ncredential_process = "+
				w.command().Path+" credential-process --role-arn "+role+"\n")
		}, problem.Recursion, "profile app is the one whose credential_process this is"},
		{"no such role in the file", []string{"whoami", "--role", "x"}, nil, problem.Config, `"x"`},
		{"a wrong parameter", []string{"whoami", "--role-arn", "x"}, nil, problem.Config, "role_arn (--role-arn)"},
		{"a parameter without its role", []string{"whoami", "--external-id", "x1"}, nil, problem.Usage, "--role-arn"},
		{"long-term keys and no role", []string{"whoami"}, nil, problem.NoBase, "long-term keys"},
		{"no base", []string{"whoami", "--role-arn", role}, func(w *world) {
			w.without("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
		}, problem.NoBase, ""},
		{"no base, and no role", []string{"whoami"}, func(w *world) {
			w.without("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
		}, problem.NoBase, "there are no base credentials"},
		{"a profile without credentials", []string{"credential-process", "--profile", "bare"}, func(w *world) {
			w.without("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
			w.env["AWS_CONFIG_FILE"] = w.file("config", "[profile bare]\nregion = us-east-1\n")
		}, problem.NoBase, "calling profile bare"},
		{"an SSO login that has ended", []string{"whoami", "--profile", "sso"}, func(w *world) {
			w.env["AWS_CONFIG_FILE"] = w.file("config", "[profile sso]\nsso_start_url = https://example.awsapps.com/start\n"+
				"sso_region = us-east-1\nsso_account_id = 123456789012\nsso_role_name = reader\n")
		}, problem.NoBase, "aws sso login"},
		{"a command that fails", []string{"cache", "--", "false"}, nil, problem.Unavailable, "calling command false"},
		{"a code, and no terminal to give it on", []string{"mfa", "app"}, nil, problem.MFA, "--code CODE"},
		{"a server that is down", []string{"whoami", "--role-arn", role}, func(w *world) {
			_ = w.aws.Inject(awstest.Fault{Kind: awstest.KindError, Status: 503, Code: "ServiceUnavailable"})
		}, problem.Unavailable, "Health Dashboard"},
		{"no region", []string{"whoami", "--role-arn", role}, func(w *world) { w.without("AWS_REGION") }, problem.Config, "or --region"},
		{"the role denies", []string{"whoami", "--role-arn", role}, func(w *world) {
			_ = w.aws.Inject(awstest.Fault{Kind: awstest.KindAccessDenied})
		}, problem.Refused, "AccessDenied"},
		{"STS is down", []string{"whoami", "--role-arn", role}, func(w *world) {
			_ = w.aws.Inject(awstest.Fault{Kind: awstest.KindHTTP})
		}, problem.Unavailable, ""},
		{"a code, and no terminal", []string{"whoami", "--role-arn", role, "--serial-number", "arn:aws:iam::123456789012:mfa/me"}, nil, problem.MFA, ""},
		{"no server", []string{"status"}, nil, problem.NoServer, "nobody answers"},
		{"no command", []string{"run", "--role-arn", role, "--", "no-such-command"}, nil, problem.NotFound, "no-such-command"},
		{"run fails before its command", []string{"run", "--role-arn", "x", "--", "true"}, nil, problem.NotStarted, "--role-arn"},
		{"doctor finds something", []string{"doctor"}, nil, problem.Unhealthy, "1 of"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, time.Hour)
			if c.set != nil {
				c.set(w)
			}
			cmd := w.command(c.args...)
			detach(cmd)
			var out, errs strings.Builder
			cmd.Stdout, cmd.Stderr = &out, &errs
			_ = cmd.Run()
			if code := cmd.ProcessState.ExitCode(); code != c.want.Exit || !strings.Contains(errs.String(), c.says) {
				t.Errorf("exit code %d, want %d: %s", code, c.want.Exit, errs.String())
			}
			if c.want.Word != problem.NotStarted.Word && !strings.HasPrefix(errs.String(), "evercreds: "+c.want.Word+": ") {
				t.Errorf("no word %q: %s", c.want.Word, errs.String())
			}
			if inGo.MatchString(errs.String()) {
				t.Errorf("it has words of Go: %s", errs.String())
			}
			if strings.Contains(out.String()+errs.String(), w.aws.Base.SecretAccessKey) {
				t.Error("it shows a secret")
			}
		})
	}
}

// TestPageHasTheTable holds docs/guides/command.md to the table.
func TestPageHasTheTable(t *testing.T) {
	page, err := os.ReadFile("../../../../docs/guides/command.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range problem.Table {
		row := fmt.Sprintf("| %d | `%s` | %s | %s |\n", k.Exit, k.Word, k.When, k.Do)
		if !strings.Contains(string(page), row) {
			t.Errorf("docs/guides/command.md lacks the row\n%s", row)
		}
	}
}

// TestHelpFitsAScreen holds each command's help to 40 lines of 130 columns, and its page
// to naming it.
func TestHelpFitsAScreen(t *testing.T) {
	page, err := os.ReadFile("../../../../docs/guides/command.md")
	if err != nil {
		t.Fatal(err)
	}
	var look func(c *cobra.Command)
	look = func(c *cobra.Command) {
		if c.Name() == "help" || c.Name() == "completion" {
			return
		}
		var help strings.Builder
		c.SetOut(&help)
		if err := c.Help(); err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(help.String(), "\n"); n > 40 {
			t.Errorf("%s: help has %d lines", c.CommandPath(), n)
		}
		if kind := regexp.MustCompile(`--\S+ (string|duration|int|strings)\b`).FindString(help.String()); kind != "" {
			t.Errorf("%s: %s: a flag is shown with a type of Go's, not with what it wants", c.CommandPath(), kind)
		}
		for _, line := range strings.Split(help.String(), "\n") {
			if len([]rune(line)) > 130 {
				t.Errorf("%s: help has a line of %d columns: %s", c.CommandPath(), len([]rune(line)), line)
			}
		}
		if c.HasParent() && !strings.Contains(string(page), "`"+c.CommandPath()) {
			t.Errorf("docs/guides/command.md does not name `%s`", c.CommandPath())
		}
		for _, sub := range c.Commands() {
			look(sub)
		}
	}
	root := New()
	look(root)
}
