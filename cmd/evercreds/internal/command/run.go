package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/spf13/cobra"

	"github.com/evercreds/evercreds"
	"github.com/evercreds/evercreds/cmd/evercreds/internal/child"
	"github.com/evercreds/evercreds/cmd/evercreds/internal/endpoint"
	"github.com/evercreds/evercreds/cmd/evercreds/internal/problem"
	"github.com/evercreds/evercreds/cmd/evercreds/internal/roles"
)

func runCommand() *cobra.Command {
	from, fixed, verbose := &source{}, false, false
	cmd := &cobra.Command{
		Use:   "run [flags] -- COMMAND [ARGUMENTS]",
		Short: "Run a command whose SDK has fresh credentials for as long as it runs",
		Long: `Run a command with an endpoint of its own in its environment, so that its SDK gets
fresh credentials for days. Nothing of the environment or of the shared files that SDKs take
before the endpoint reaches the command; region and settings of the profile do.`,
		Example: `  evercreds run --role-arn arn:aws:iam::123456789012:role/app -- python job.py
  evercreds run --role prod -- aws s3 ls`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			code, err := from.run(cmd.Context(), args, fixed, verbose)
			if err != nil {
				return beforeStart(err)
			}
			return exitCode(code)
		},
	}
	cmd.Flags().SetInterspersed(false)
	cmd.Flags().BoolVar(&fixed, "env", false, "give the command fixed keys, which end, for tools that know nothing else")
	cmd.Flags().BoolVar(&verbose, "verbose", false, "log refreshes to standard error")
	from.add(cmd)
	return cmd
}

// beforeStart has run and cache fail with codes that no command of the user's has by
// itself: 125, 126 and 127.
func beforeStart(err error) error {
	sorted := problem.Sort(err)
	switch sorted.Kind.Exit {
	case problem.NotRunnable.Exit, problem.NotFound.Exit:
		return sorted
	}
	kind := problem.NotStarted
	kind.Word, kind.Do = sorted.Kind.Word, sorted.Kind.Do
	return &problem.Error{Kind: kind, Text: sorted.Text, Err: err}
}

func (s *source) run(ctx context.Context, argv []string, fixed, verbose bool) (int, error) {
	path, err := child.Find(argv[0])
	if err != nil {
		return 0, err
	}
	role, file, err := s.role()
	if err != nil {
		return 0, err
	}
	logger := slog.New(slog.NewTextHandler(io.Discard, nil))
	if verbose {
		logger = slog.New(slog.NewTextHandler(os.Stderr, nil))
	}
	how := roles.How{Mode: roles.Server, Share: !s.noShare, Logger: logger}
	if fixed {
		how.Mode = roles.Once
	}
	opened, err := roles.Open(ctx, role, file, how)
	if err != nil {
		return 0, err
	}
	defer opened.Close()
	roles.Marked(opened.Role)
	creds, err := firstSet(ctx, opened)
	if err != nil {
		return 0, err
	}
	configFile, credentialsFile := roles.ConfigFiles()
	files, err := child.Write(child.Sections{
		Profile: roles.CurrentProfile(role.Profile), ConfigFile: configFile, CredentialsIn: credentialsFile,
	})
	if err != nil {
		return 0, err
	}
	defer files.Remove()
	var more map[string]string
	if fixed {
		more = child.Fixed(files, variables(creds))
		fmt.Fprintf(os.Stderr, "evercreds: these credentials end at %s, and nothing refreshes them: --env\n", endpoint.Expiration(creds, time.Now()))
	} else {
		server, url, token, err := ownEndpoint(opened)
		if err != nil {
			return 0, err
		}
		defer server.Shutdown(context.WithoutCancel(ctx)) //nolint:errcheck // the command has ended
		more = child.Endpoint(url, token, files)
	}
	if role.Region != "" || opened.Role.Region != "" {
		region := opened.Region
		more["AWS_REGION"], more["AWS_DEFAULT_REGION"] = region, region
	}
	return child.Run(path, argv, child.Environ(os.Environ(), more))
}

// firstSet waits for credentials before the command starts, so that what is wrong is told
// here. It outlasts a start that fails once, and asks a person if it must.
func firstSet(ctx context.Context, opened *roles.Opened) (creds aws.Credentials, err error) {
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(200 * time.Millisecond) {
		creds, err = lasting(ctx, opened, 0)
		var session *evercreds.Error
		passes := errors.As(err, &session) && session.Class != evercreds.Permanent || err != nil && problem.Sort(err).Kind == problem.Unavailable
		if !passes || time.Now().After(deadline) || opened.Attended {
			return creds, err
		}
	}
}

// loopback listens where SDKs take http from: also on a machine that has IPv6 alone.
func loopback(listen func(network, address string) (net.Listener, error)) (net.Listener, error) {
	listener, err := listen("tcp", "127.0.0.1:0")
	if err != nil {
		if six, e := listen("tcp", "[::1]:0"); e == nil {
			return six, nil
		}
		return nil, problem.Listen.Of(err)
	}
	return listener, nil
}

// ownEndpoint serves one role to one command.
func ownEndpoint(opened *roles.Opened) (server *endpoint.Server, url, token string, err error) {
	listener, err := loopback(net.Listen)
	if err != nil {
		return nil, "", "", err
	}
	token = newToken()
	server = endpoint.New(endpoint.Config{})
	server.Set([]*endpoint.Role{{Name: "run", Token: token, Held: endpoint.Keep(opened.Session)}})
	go func() { _ = server.Serve(listener) }()
	return server, fmt.Sprintf("http://%s%s", listener.Addr(), endpoint.Path("run")), token, nil
}
