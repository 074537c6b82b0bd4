package command

import (
	"io"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/spf13/cobra"

	"github.com/evercreds/evercreds/cmd/evercreds/internal/endpoint"
)

func processCommand() *cobra.Command {
	from, minTTL := &source{}, time.Duration(0)
	cmd := &cobra.Command{
		Use:   "credential-process",
		Short: "Be the credential_process of a profile",
		Long: `Print credentials for a profile's credential_process. All processes of this machine
that mean the same role make one refresh between them.`,
		Example: `  [profile app]
  credential_process = evercreds credential-process --profile base --role-arn arn:aws:iam::123456789012:role/app`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			creds, err := from.get(cmd.Context(), minTTL)
			if err != nil {
				return err
			}
			return printProcess(cmd.OutOrStdout(), creds)
		},
	}
	cmd.Flags().DurationVar(&minTTL, "min-ttl", 0, "the least `TIME` that they must last, such as 10m")
	from.add(cmd)
	return cmd
}

// printProcess prints what SDKs want of a credential_process. Expiration is always there:
// without it they never ask again.
func printProcess(w io.Writer, creds aws.Credentials) error {
	return writeJSON(w, struct {
		Version         int
		AccessKeyID     string `json:"AccessKeyId"`
		SecretAccessKey string
		SessionToken    string
		Expiration      string
		AccountID       string `json:"AccountId,omitempty"`
	}{
		1, creds.AccessKeyID, creds.SecretAccessKey, creds.SessionToken,
		endpoint.Expiration(creds, time.Now()), creds.AccountID,
	})
}
