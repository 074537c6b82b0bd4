package command

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/evercreds/evercreds"
	"github.com/evercreds/evercreds/cmd/evercreds/internal/endpoint"
	"github.com/evercreds/evercreds/cmd/evercreds/internal/problem"
	"github.com/evercreds/evercreds/cmd/evercreds/internal/roles"
)

// open makes the session of the flags' role, for a command that ends soon.
func (s *source) open(ctx context.Context) (*roles.Opened, error) {
	role, file, err := s.role()
	if err != nil {
		return nil, err
	}
	return openOnce(ctx, role, file, !s.noShare)
}

func openOnce(ctx context.Context, role *roles.Role, file *roles.File, share bool) (*roles.Opened, error) {
	opened, err := roles.Open(ctx, role, file, roles.How{Mode: roles.Once, Share: share})
	if err != nil {
		return nil, err
	}
	// What the SDK starts for the base sees what is being fetched.
	roles.Marked(opened.Role)
	return opened, nil
}

// retrieve waits for credentials, and tells a person at a terminal what it waits for.
func retrieve(ctx context.Context, opened *roles.Opened, needs ...evercreds.Need) (aws.Credentials, error) {
	if isTerminal(os.Stderr) && !opened.Attended {
		patience := time.AfterFunc(2*time.Second, func() {
			fmt.Fprintf(os.Stderr, "evercreds: waiting for: %s\n", opened.Chain[0])
		})
		defer patience.Stop()
	}
	return opened.Session.Credentials(ctx, needs...)
}

// lasting retrieves credentials that are handed out: they last for minTTL, and at least as
// long as those of the endpoint.
func lasting(ctx context.Context, opened *roles.Opened, minTTL time.Duration) (aws.Credentials, error) {
	creds, err := retrieve(ctx, opened, evercreds.MinTTL(max(minTTL, endpoint.Lasting)))
	if errors.Is(err, evercreds.ErrMinTTL) && minTTL < endpoint.Lasting { // nobody has asked for it
		return aws.Credentials{}, problem.Unavailable.New("%s", endpoint.TooShort)
	}
	return creds, err
}

// get opens, retrieves what is handed out, and closes.
func (s *source) get(ctx context.Context, minTTL time.Duration) (aws.Credentials, error) {
	opened, err := s.open(ctx)
	if err != nil {
		return aws.Credentials{}, err
	}
	defer opened.Close()
	return lasting(ctx, opened, minTTL)
}
