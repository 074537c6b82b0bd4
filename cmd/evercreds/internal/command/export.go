package command

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/spf13/cobra"

	"github.com/evercreds/evercreds/cmd/evercreds/internal/endpoint"
	"github.com/evercreds/evercreds/cmd/evercreds/internal/problem"
)

// formats are the ways to print a set, as "aws configure export-credentials" has them.
var formats = []string{"env", "env-no-export", "fish", "powershell", "windows-cmd", "process", "json"}

func exportCommand() *cobra.Command {
	from, format, minTTL := &source{}, "env", time.Duration(0)
	cmd := &cobra.Command{
		Use:   "export",
		Short: "Print credentials for a shell or a tool",
		Long:  "Print credentials, secrets included, in the format of a shell or a tool.",
		Example: `  eval "$(evercreds export --role-arn arn:aws:iam::123456789012:role/app)"
  evercreds export --format env-no-export > app.env`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkFormat(format); err != nil {
				return err
			}
			creds, err := from.get(cmd.Context(), minTTL)
			if err != nil {
				return err
			}
			return printSet(cmd.OutOrStdout(), format, creds)
		},
	}
	cmd.Flags().StringVar(&format, "format", "env", "the `FORMAT`: "+strings.Join(formats, ", "))
	cmd.Flags().DurationVar(&minTTL, "min-ttl", 0, "the least `TIME` that they must last, such as 10m")
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(formats, cobra.ShellCompDirectiveNoFileComp))
	from.add(cmd)
	return cmd
}

func checkFormat(format string) error {
	for _, f := range formats {
		if f == format {
			return nil
		}
	}
	return problem.Usage.New("--format: must be one of %s; got %q", strings.Join(formats, ", "), format)
}

// variables are those that SDKs read, in an order that stays.
func variables(creds aws.Credentials) [][2]string {
	vars := [][2]string{
		{"AWS_ACCESS_KEY_ID", creds.AccessKeyID}, {"AWS_SECRET_ACCESS_KEY", creds.SecretAccessKey},
		{"AWS_SESSION_TOKEN", creds.SessionToken}, {"AWS_CREDENTIAL_EXPIRATION", endpoint.Expiration(creds, time.Now())},
	}
	if creds.AccountID != "" {
		vars = append(vars, [2]string{"AWS_ACCOUNT_ID", creds.AccountID})
	}
	return vars
}

// lines are how each shell sets a variable. A text that a shell's quotes cannot carry is
// refused, and never printed in a way that the shell would read as something else.
var lines = map[string]func(name, value string) (string, bool){
	"env": func(name, value string) (string, bool) {
		return "export " + name + "='" + strings.ReplaceAll(value, "'", `'\''`) + "'", true
	},
	"env-no-export": func(name, value string) (string, bool) {
		return name + "=" + value, !strings.ContainsAny(value, "'\"\\`$#;&|<>() ")
	},
	"fish": func(name, value string) (string, bool) {
		return "set -gx " + name + " '" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(value) + "'", true
	},
	"powershell": func(name, value string) (string, bool) {
		return "$Env:" + name + "='" + strings.ReplaceAll(value, "'", "''") + "'", true
	},
	"windows-cmd": func(name, value string) (string, bool) {
		return "set " + name + "=" + value, !strings.ContainsAny(value, `"%^&|<>()!`)
	},
}

// printSet prints a set.
func printSet(w io.Writer, format string, creds aws.Credentials) error {
	switch format {
	case "process":
		return printProcess(w, creds)
	case "json":
		return writeJSON(w, endpoint.Body{
			AccessKeyID: creds.AccessKeyID, SecretAccessKey: creds.SecretAccessKey, Token: creds.SessionToken,
			Expiration: endpoint.Expiration(creds, time.Now()), AccountID: creds.AccountID,
		})
	}
	var b strings.Builder
	for _, v := range variables(creds) {
		line, fits := lines[format](v[0], v[1])
		if !fits {
			return problem.Unquotable.New("%s has characters that %s cannot carry", v[0], format)
		}
		b.WriteString(line + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func writeJSON(w io.Writer, value any) error {
	text, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "%s\n", text)
	return err
}
