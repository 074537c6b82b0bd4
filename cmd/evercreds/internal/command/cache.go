package command

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/evercreds/evercreds/cmd/evercreds/internal/child"
	"github.com/evercreds/evercreds/cmd/evercreds/internal/roles"
)

func cacheCommand() *cobra.Command {
	id := ""
	cmd := &cobra.Command{
		Use:   "cache [flags] -- COMMAND [ARGUMENTS]",
		Short: "Put a cache around anybody's credential_process",
		Long: `Run a credential_process of somebody else's at most once for all processes of this
machine, refresh early, and keep the held set while the command fails. Two entries never meet:
each has an --id, or else the arguments, program, user, directory, HOME and AWS_* variables.`,
		Example: `  [profile sso]
  credential_process = evercreds cache -- corp-login --account 123456789012`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if _, err := child.Find(args[0]); err != nil {
				return err
			}
			role := &roles.Role{Name: "cache", Command: args, ShareID: id}
			opened, err := openOnce(cmd.Context(), role, &roles.File{}, true)
			if err != nil {
				return beforeStart(err)
			}
			defer opened.Close()
			creds, err := lasting(cmd.Context(), opened, 0)
			if err != nil {
				return err
			}
			return printProcess(cmd.OutOrStdout(), creds)
		},
	}
	cmd.Flags().SetInterspersed(false)
	cmd.Flags().StringVar(&id, "id", "", "the `NAME` of the entry (default: made of all that the command depends on)")
	cmd.AddCommand(cacheListCommand(), cacheClearCommand())
	return cmd
}

func cacheListCommand() *cobra.Command {
	asJSON := false
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List what this machine's store holds: roles and expiries, never a secret",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			kept, err := roles.List(cmd.Context())
			if err != nil {
				return err
			}
			if asJSON {
				return writeJSON(cmd.OutOrStdout(), kept)
			}
			for _, k := range kept {
				label := k.Label
				if label == "" {
					label = "of another program"
				}
				state := "expires"
				if k.Expired {
					state = "expired"
				}
				fmt.Fprintf(cmd.OutOrStdout(), "%s  %s %s  %s\n", k.Key, state, k.Expiry.Format(time.RFC3339), label)
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func cacheClearCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "clear",
		Short: "Remove everything from this machine's store; the next process fetches",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			n, err := roles.Clear(cmd.Context())
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%d removed\n", n)
			return err
		},
	}
}
