package roles

import (
	"context"
	"io"
	"log/slog"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"

	"github.com/evercreds/evercreds"
	"github.com/evercreds/evercreds/cmd/evercreds/internal/problem"
)

// Mode says how long a session lives, and so when it refreshes.
type Mode int

// The modes.
const (
	// Once is for a command that fetches and ends: a refresh that is due is waited for.
	Once Mode = iota
	// Server is for a session whose callers must never wait for what is held.
	Server
)

// How is what a role does not say.
type How struct {
	Mode   Mode
	Share  bool
	Logger *slog.Logger
	// Code has the one-time codes of a server, which asks nobody; nil: a person is asked,
	// as the role says.
	Code func(ctx context.Context, serial string) (string, error)
}

// Opened is a session of a role, with what it stands on.
type Opened struct {
	Role     *Role
	Session  *evercreds.Session
	Chain    []string // from the role down to the base, one description each
	Region   string   // "": none is known
	Endpoint *string  // of STS; nil: AWS's
	Attended bool     // each refresh asks a person
	Clock    *Clock   // beside STS's
	closers  []io.Closer
}

// Close ends the session, and then those that it stands on.
func (o *Opened) Close() error {
	err := o.Session.Close()
	for _, c := range o.closers {
		if e := c.Close(); err == nil {
			err = e
		}
	}
	return err
}

// Open makes the session of a role. It makes no call to AWS.
func Open(ctx context.Context, role *Role, file *File, how How) (*Opened, error) {
	role, base, parent, err := resolve(ctx, role)
	if err != nil {
		return nil, err
	}
	if role.SourceRole != "" {
		parent = file.Roles[role.SourceRole]
	}
	if err := guardRecursion(role); err != nil {
		return nil, err
	}
	opened := &Opened{Role: role, Region: base.Region, Endpoint: base.BaseEndpoint, Clock: &Clock{}}
	base.APIOptions = append(base.APIOptions[:len(base.APIOptions):len(base.APIOptions)], opened.Clock.watch)
	options := how.options(role)
	shared := func(id string) error {
		if !how.Share {
			return nil
		}
		more, err := shareOptions(role, id)
		options = append(options, more...)
		return err
	}
	switch {
	case role.STS != nil:
		if parent != nil {
			below, err := Open(ctx, parent, file, how)
			if err != nil {
				return nil, err
			}
			opened.closers = append(opened.closers, below)
			opened.Chain = below.Chain
			base.Credentials = below.Session
			if base.Region == "" {
				base.Region = below.Region
			}
			opened.Region = base.Region
		}
		if err := shared(""); err != nil {
			return nil, err
		}
		assume := role.STS.assume(how)
		opened.Attended = assume.MFAPrompts
		opened.Session, err = evercreds.NewSTS(base, assume, options...)
	case role.IoT != nil:
		params, closer, e := role.IoT.params()
		if e != nil {
			return nil, e
		}
		if closer != nil {
			opened.closers = append(opened.closers, closer)
		}
		if err := shared(""); err != nil {
			return nil, err
		}
		if base.Region != "" {
			options = append(options, evercreds.WithConfig(base))
		}
		opened.Session, err = evercreds.NewIoT(params, options...)
	case len(role.Command) > 0:
		if err := shared(role.commandID()); err != nil {
			return nil, err
		}
		options = append(options, evercreds.WithConfig(base))
		opened.Session, err = evercreds.New(source{role.describe(), role.runCommand}, options...)
	default:
		if err := shared(role.profileID()); err != nil {
			return nil, err
		}
		options = append(options, evercreds.WithConfig(base))
		opened.Session, err = evercreds.New(source{role.describe(), refetch(base.Credentials)}, options...)
	}
	if err != nil {
		for _, c := range opened.closers {
			_ = c.Close()
		}
		refused := problem.Sort(err)
		return nil, &problem.Error{Kind: problem.Config, Text: "role " + role.Name + ": " + refused.Text, Err: err}
	}
	opened.Chain = append([]string{role.describe()}, opened.Chain...)
	return opened, nil
}

func (h How) options(role *Role) []evercreds.Option {
	var options []evercreds.Option
	if h.Logger != nil { // each role of a chain has its own name there
		options = append(options, evercreds.WithLogger(h.Logger.With("name", role.Name)))
	}
	advisory, mandatory := role.Refresh.AdvisorySeconds, role.Refresh.MandatorySeconds
	switch h.Mode {
	case Server: // callers never wait while a set is good: endpoint.Keep sees to it
		options = append(options, evercreds.WithAdvisoryRefresh(evercreds.Background), evercreds.WithMaxWait(0))
		if !role.prompts() {
			options = append(options, evercreds.WithEager())
		}
	default:
		options = append(options, evercreds.WithAdvisoryRefresh(evercreds.Inline), evercreds.WithMaxWait(5*time.Second))
	}
	if advisory != nil {
		options = append(options, evercreds.WithAdvisoryTimeout(seconds(*advisory)))
	}
	if mandatory != nil {
		options = append(options, evercreds.WithMandatoryTimeout(seconds(*mandatory)))
	}
	if timeout := role.Refresh.TimeoutSeconds; timeout != nil {
		options = append(options, evercreds.WithRefreshTimeout(seconds(*timeout)))
	}
	return options
}

func seconds(n int) time.Duration { return time.Duration(n) * time.Second }

// prompts reports whether each refresh asks a person.
func (r *Role) prompts() bool {
	return r.STS != nil && r.STS.SerialNumber != "" && len(r.STS.MFACommand) == 0
}

func (s *STS) assume(how How) evercreds.AssumeRole {
	assume := evercreds.AssumeRole{
		RoleARN: s.RoleARN, RoleSessionName: s.RoleSessionName, Duration: seconds(s.DurationSeconds),
		MinimumSessionTokenSize: s.MinimumSessionTokenSize, ExternalID: s.ExternalID,
		SourceIdentity: s.SourceIdentity, Tags: s.Tags, TransitiveTagKeys: s.TransitiveTagKeys,
		Policy: s.Policy, PolicyARNs: s.PolicyARNs, SerialNumber: s.SerialNumber,
	}
	for _, c := range s.ProvidedContexts {
		assume.ProvidedContexts = append(assume.ProvidedContexts,
			types.ProvidedContext{ProviderArn: aws.String(c.ProviderARN), ContextAssertion: aws.String(c.ContextAssertion)})
	}
	switch {
	case s.SerialNumber == "":
	case len(s.MFACommand) > 0:
		assume.MFACommand = s.MFACommand
	default:
		ask := how.Code
		if ask == nil && s.MFA == "pinentry" {
			ask = pinentry
		} else if ask == nil {
			ask = PromptTerminal
		}
		assume.MFA = func(ctx context.Context) (string, error) { return ask(ctx, s.SerialNumber) }
		assume.MFAPrompts = true
	}
	return assume
}
