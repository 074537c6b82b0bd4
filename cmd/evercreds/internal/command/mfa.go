package command

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/evercreds/evercreds/cmd/evercreds/internal/roles"
)

func mfaCommand() *cobra.Command {
	socket, code := "", ""
	cmd := &cobra.Command{
		Use:   "mfa ROLE",
		Short: "Give the server a one-time code for a role",
		Long:  "Give the evercreds serve that runs here a one-time code, with which it refreshes the role at once.",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if code == "" {
				var err error
				if code, err = roles.PromptCode(cmd.Context(), "role "+args[0], "give --code CODE"); err != nil {
					return err
				}
			}
			var status roleStatus
			if err := call(cmd.Context(), socket, "mfa", request{args[0], code}, &status); err != nil {
				return err
			}
			_, err := fmt.Fprintln(cmd.OutOrStdout(), status.line(time.Now()))
			return err
		},
	}
	cmd.Flags().StringVar(&code, "code", "", "the `CODE` (default: it is asked for on the terminal)")
	cmd.Flags().StringVar(&socket, "control", "", "the server's control `SOCKET` (default: as serve's)")
	return cmd
}

func reloadCommand() *cobra.Command {
	socket := ""
	cmd := &cobra.Command{
		Use:   "reload",
		Short: "Have the server read its roles again",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return call(cmd.Context(), socket, "reload", request{}, nil)
		},
	}
	cmd.Flags().StringVar(&socket, "control", "", "the server's control `SOCKET` (default: as serve's)")
	return cmd
}
