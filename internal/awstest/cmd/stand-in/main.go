// Command stand-in runs the stand-in for AWS alone, for programs in any
// language. Its first line of output says, in JSON, how to reach it.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/evercreds/evercreds/internal/awstest"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run serves until ctx ends, or until stdin does where that is asked for. It
// answers with the exit status: 0, 1 for a failure, 2 for bad arguments.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	o, err := parse(args, stdout)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err != nil {
		fmt.Fprintln(stderr, "stand-in:", err)
		return 2
	}
	if err := serve(ctx, o, stdin, stdout); err != nil {
		fmt.Fprintln(stderr, "stand-in:", err)
		return 1
	}
	return 0
}

func serve(ctx context.Context, o *options, stdin io.Reader, stdout io.Writer) (err error) {
	s, err := awstest.Start(o.config)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	for _, fault := range o.faults {
		if err := s.Inject(fault); err != nil {
			return err
		}
	}
	first := firstLine(s, o)
	if o.tlsServers {
		if first.TLSServers, err = s.StartTLSServers(); err != nil {
			return err
		}
	}
	if err := json.NewEncoder(stdout).Encode(first); err != nil {
		return err
	}
	var parentGone chan struct{}
	if o.untilStdinEnds {
		parentGone = make(chan struct{})
		go func() {
			_, _ = io.Copy(io.Discard, stdin)
			close(parentGone)
		}()
	}
	select {
	case <-ctx.Done():
	case <-parentGone:
	}
	return nil
}

// introduction is the first line. The secret in it opens this stand-in only.
type introduction struct {
	Endpoint        string `json:"endpoint"`
	TLSEndpoint     string `json:"tls_endpoint"`
	CA              string `json:"ca"`
	ClientCA        string `json:"client_ca"`
	Certificate     string `json:"certificate"`
	PrivateKey      string `json:"private_key"`
	RSACertificate  string `json:"rsa_certificate"`
	RSAPrivateKey   string `json:"rsa_private_key"`
	AccessKeyID     string `json:"access_key_id"`
	SecretAccessKey string `json:"secret_access_key"`
	Region          string `json:"region"`
	RoleARN         string `json:"role_arn"`
	RoleAlias       string `json:"role_alias"`
	ThingName       string `json:"thing_name"`
	Control         string `json:"control"`

	TLSServers []awstest.TLSServer `json:"tls_servers,omitempty"`
}

func firstLine(s *awstest.Server, o *options) introduction {
	return introduction{
		Endpoint:        s.URL,
		TLSEndpoint:     s.TLSURL,
		CA:              s.CAFile,
		ClientCA:        s.ClientCAFile,
		Certificate:     s.ClientEC.CertFile,
		PrivateKey:      s.ClientEC.KeyFile,
		RSACertificate:  s.ClientRSA.CertFile,
		RSAPrivateKey:   s.ClientRSA.KeyFile,
		AccessKeyID:     s.Base.AccessKeyID,
		SecretAccessKey: s.Base.SecretAccessKey,
		Region:          o.config.Region,
		RoleARN:         s.RoleARN,
		RoleAlias:       o.firstAlias,
		ThingName:       o.config.Thing,
		Control:         s.URL + "/_control",
	}
}
