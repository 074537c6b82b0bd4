package command

import (
	"context"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/evercreds/evercreds/cmd/evercreds/internal/problem"
	"github.com/evercreds/evercreds/cmd/evercreds/internal/roles"
)

// finding is one line of the doctor's.
type finding struct {
	Check string `json:"check"`
	State string `json:"state"` // ok, note or wrong
	Text  string `json:"text"`
}

func doctorCommand() *cobra.Command {
	from, asJSON := &source{}, false
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Say what is wrong",
		Long: `Look at what credentials depend on: configuration, environment, file permissions, region,
endpoint, clock, base credentials, the role, other tools' caches. The exit code is 13 if
something is wrong. It fetches credentials, and prints none.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			found := examine(cmd.Context(), from)
			if asJSON {
				if err := writeJSON(cmd.OutOrStdout(), found); err != nil {
					return err
				}
			}
			wrong := 0
			for _, f := range found {
				if f.State == "wrong" {
					wrong++
				}
				if !asJSON {
					fmt.Fprintf(cmd.OutOrStdout(), "%-6s %s: %s\n", f.State, f.Check, f.Text)
				}
			}
			if wrong > 0 {
				return problem.Unhealthy.New("%d of %d checks have found something", wrong, len(found))
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	from.add(cmd)
	return cmd
}

// examine makes all checks, in an order in which the first wrong one explains the others.
func examine(ctx context.Context, from *source) []finding {
	var found []finding
	add := func(check, state, format string, args ...any) {
		found = append(found, finding{check, state, fmt.Sprintf(format, args...)})
	}
	role, file, err := from.role()
	if err != nil {
		add("configuration", "wrong", "%v", err)
		return found
	}
	path := from.config
	if path == "" {
		path = roles.Path()
	}
	if _, err := os.Stat(path); err != nil {
		add("configuration", "ok", "there is no file with roles")
	} else {
		add("configuration", "ok", "%d roles in %s", len(file.Roles), path)
	}
	checkEnvironment(add, from.profile != "")
	checkFiles(add, path)
	checkCaches(add)
	opened, err := openOnce(ctx, role, file, !from.noShare)
	if err != nil {
		add("role", "wrong", "%v", err)
		return found
	}
	defer opened.Close()
	if opened.Role.IoT == nil {
		if opened.Region == "" {
			add("region", "wrong", "there is none: set AWS_REGION, the profile's region, or --region")
		} else {
			add("region", "ok", "%s", opened.Region)
		}
		checkEndpoint(ctx, add, opened)
	}
	if opened.Attended && !isTerminal(os.Stdin) {
		add("mfa", "note", "each refresh asks a person; a server needs `evercreds mfa ROLE` or mfa_command")
	}
	if _, err := retrieve(ctx, opened); err != nil {
		add("credentials", "wrong", "%v", problem.Sort(err))
		return found
	}
	who, err := opened.Session.Identity(ctx)
	if err != nil {
		add("identity", "wrong", "%v", err)
		return found
	}
	add("credentials", "ok", "%s", who.ARN)
	return found
}
