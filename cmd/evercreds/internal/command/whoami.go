package command

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/evercreds/evercreds/cmd/evercreds/internal/roles"
)

func whoamiCommand() *cobra.Command {
	from, asJSON := &source{}, false
	cmd := &cobra.Command{
		Use:   "whoami",
		Short: "Say whose credentials these are",
		Long:  "Ask STS for the identity of the credentials.",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			opened, err := from.open(cmd.Context())
			if err != nil {
				return err
			}
			defer opened.Close()
			if _, err := retrieve(cmd.Context(), opened); err != nil {
				return err
			}
			who, err := opened.Session.Identity(cmd.Context())
			if err != nil {
				return err
			}
			if asJSON {
				return writeJSON(cmd.OutOrStdout(), struct {
					Account, Arn, UserId string //nolint:revive // AWS's names
					Chain                []string
				}{who.Account, who.ARN, who.UserID, opened.Chain})
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s\naccount %s\n", who.ARN, who.Account)
			return err
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	from.add(cmd)
	return cmd
}

func schemaCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON schema of the configuration file",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := cmd.OutOrStdout().Write(roles.Schema)
			return err
		},
	}
}
