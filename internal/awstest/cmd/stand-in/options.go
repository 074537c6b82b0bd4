package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/evercreds/evercreds/internal/awstest"
)

// options are the parsed arguments.
type options struct {
	config         awstest.Config
	faults         []awstest.Fault
	firstAlias     string
	untilStdinEnds bool
	tlsServers     bool
}

const usage = `stand-in serves a strict stand-in for AWS on 127.0.0.1: STS (AssumeRole,
GetCallerIdentity) and S3 ListBuckets over http and https, the IoT credentials
provider over https with client certificates, and a control API over http.

usage: stand-in [flags]

Its first line of output is one JSON object:
  endpoint, tls_endpoint                where it serves
  control                               where the control API is
  ca                                    the file of the server's authority
  certificate, private_key              a client certificate for IoT (P-256)
  rsa_certificate, rsa_private_key      another (RSA)
  access_key_id, secret_access_key      the base credentials
  region, role_arn, role_alias, thing_name   names to use
  tls_servers                           the table, with --tls-servers

It ends on SIGINT and SIGTERM. Faults, counts and the rest: docs/reference/stand-in.md.

flags:
`

// parse reads the arguments. An error names the flag; flag.ErrHelp means that
// help was asked for, and given on help.
func parse(args []string, help io.Writer) (*options, error) {
	o := &options{firstAlias: awstest.DefaultAlias}
	set := flag.NewFlagSet("stand-in", flag.ContinueOnError)
	set.SetOutput(io.Discard) // run prints errors, once and without the help
	set.Usage = func() {}
	c := &o.config
	set.StringVar(&c.Region, "region", awstest.DefaultRegion, "the only `region` that signatures may be scoped to")
	set.StringVar(&c.Thing, "thing", awstest.DefaultThing, "the thing `name` in the client certificates")
	set.DurationVar(&c.Lifetime, "lifetime", 0, "lifetime of every set, 2s to 12h, whatever is asked for (default as asked)")
	set.DurationVar(&c.ClockOffset, "clock-offset", 0, "how far the server's clock is ahead, e.g. 7m or -90s")
	set.StringVar(&c.Dir, "dir", "", "existing `directory` for the PEM files (default a temporary one, removed at the end)")
	set.IntVar(&c.Port, "port", 0, "http `port` (default any free one)")
	set.IntVar(&c.TLSPort, "tls-port", 0, "https `port` (default any free one)")
	set.Func("alias", "a role alias as `NAME=ROLE_ARN`, repeatable (default "+awstest.DefaultAlias+")", o.addAlias)
	set.Func("fault", "a fault as `JSON`, repeatable, as for POST /_control/faults", o.addFault)
	set.BoolVar(&o.untilStdinEnds, "stdin", false, "end when standard input ends too")
	set.BoolVar(&o.untilStdinEnds, "exit-with-parent", false, "the same as --stdin")
	set.BoolVar(&o.tlsServers, "tls-servers", false, "start the table of TLS servers, good and bad, too")
	err := set.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(help, usage)
		set.SetOutput(help)
		set.PrintDefaults()
	}
	if err != nil {
		return nil, err
	}
	if set.NArg() > 0 {
		return nil, fmt.Errorf("unexpected argument %q: there are flags only", set.Arg(0))
	}
	return o, o.check()
}

func (o *options) addAlias(text string) error {
	// An alias may hold a "=" itself, but no colon.
	name, role, ok := strings.Cut(text, "=arn:")
	if !ok {
		return fmt.Errorf("expected NAME=ROLE_ARN")
	}
	if o.config.Aliases == nil {
		o.config.Aliases = map[string]string{}
		o.firstAlias = name
	}
	o.config.Aliases[name] = "arn:" + role
	return nil
}

func (o *options) addFault(text string) error {
	fault, err := awstest.ParseFault(text)
	o.faults = append(o.faults, fault)
	return err
}

func (o *options) check() error {
	for name, port := range map[string]int{"port": o.config.Port, "tls-port": o.config.TLSPort} {
		if port < 0 || port > 65535 {
			return fmt.Errorf("--%s must be from 0 to 65535, got %d", name, port)
		}
	}
	if o.config.Dir == "" {
		return nil
	}
	if info, err := os.Stat(o.config.Dir); err != nil || !info.IsDir() {
		return fmt.Errorf("--dir must be an existing directory, got %q", o.config.Dir)
	}
	return nil
}
