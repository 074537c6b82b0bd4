package hostfuncs

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/evercreds/evercreds"
	"github.com/evercreds/evercreds/core"
	"github.com/evercreds/evercreds/internal/sources"
)

// Source is one of the sources that evercreds brings. It is an evercreds.Source, and the
// caller's to close.
type Source struct {
	hosted
	closeIdle func()
}

// NewSTS makes a source that assumes role with the credentials, region and endpoint of
// cfg. The base credentials are asked of cfg.Credentials for each refresh, so they may
// rotate. Its errors are of type *evercreds.ParameterError.
func NewSTS(cfg aws.Config, role evercreds.AssumeRole) (*Source, error) {
	s, err := sources.NewSTS(cfg, sources.AssumeRole(role))
	if err != nil {
		return nil, err
	}
	return &Source{hosted{s}, s.Close}, nil
}

// NewIoT makes a source of a device's certificate. It reads the files, and fails with
// an *evercreds.ParameterError where something is amiss.
func NewIoT(params evercreds.IoTParams) (*Source, error) {
	s, err := sources.NewIoT(sources.IoTParams(params))
	if err != nil {
		return nil, err
	}
	return &Source{hosted{s}, s.Close}, nil
}

// NewCustom makes a source of a function; see evercreds.NewCustom for what the function
// returns. It fails if fetch is nil.
func NewCustom(fetch func(ctx context.Context) (evercreds.Credentials, error)) (*Source, error) {
	var custom sources.CustomFunc
	if fetch != nil {
		custom = func(ctx context.Context) (sources.Credentials, error) {
			set, err := fetch(ctx)
			if e, ok := err.(*evercreds.SourceError); ok {
				inner := (*sources.Error)(nil)
				e.As(&inner)
				err = inner
			}
			return sources.Credentials(set), err
		}
	}
	s, err := sources.NewCustom(custom)
	if err != nil {
		return nil, err
	}
	return &Source{hosted{s}, func() {}}, nil
}

// Close closes idle connections.
func (s *Source) Close() { s.closeIdle() }

// hosted is a source of internal/sources, as an evercreds.Source.
type hosted struct{ source sources.Source }

// Method is the number of the source.
func (h hosted) Method() core.Method { return h.source.Method() }

// Attended tells whether a refresh prompts a person.
func (h hosted) Attended() bool { return attended(h.source) }

// Fetch runs one flight.
func (h hosted) Fetch(ctx context.Context, f *evercreds.Flight) (evercreds.Result, error) {
	r, err := h.source.Fetch(ctx, &sources.Flight{Ticket: f.Ticket, Cause: core.Cause(f.Cause), Prompted: f.Prompted})
	return evercreds.Result{
		Credentials: evercreds.Credentials(r.Credentials), ServerTime: r.ServerTime, Duration: r.Duration,
	}, ownError(err)
}

// given is an evercreds.Source, as the host knows sources.
type given struct{ evercreds.Source }

// Attended tells whether a refresh prompts a person.
func (g given) Attended() bool { return attended(g.Source) }

// Fetch calls the source, and refuses what cannot be used.
func (g given) Fetch(ctx context.Context, f *sources.Flight) (sources.Result, error) {
	r, err := g.Source.Fetch(ctx, &evercreds.Flight{Ticket: f.Ticket, Cause: evercreds.Cause(f.Cause), Prompted: f.Prompted})
	if err != nil {
		return sources.Result{}, err
	}
	result := sources.Result{Credentials: sources.Credentials(r.Credentials), ServerTime: r.ServerTime, Duration: r.Duration}
	return result, ownError(result.Check(g.Method()))
}

func attended(source any) bool {
	a, ok := source.(interface{ Attended() bool })
	return ok && a.Attended()
}

// ownError makes an *evercreds.SourceError of an error of internal/sources.
func ownError(err error) error {
	e, ok := err.(*sources.Error)
	if !ok {
		return err
	}
	return &evercreds.SourceError{
		Method: e.Method, Class: evercreds.Class(e.Class), Reason: evercreds.Code(e.Reason), Code: e.Code, Status: e.Status,
		Message: e.Message, RetryAfter: e.RetryAfter, Err: e.Err,
	}
}
