package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/evercreds/evercreds"
	"github.com/evercreds/evercreds/internal/proofs/workers"
)

// session is one of the worker's, and a client that signs with it.
type session struct {
	*evercreds.Session
	number  int
	client  *sts.Client
	callers sync.WaitGroup
	over    chan struct{} // closed: no caller makes another call
}

func (w *worker) open(o workers.Order) error {
	src, base := o.Source, w.base.Copy()
	if src.Endpoint != "" {
		base.BaseEndpoint = &src.Endpoint
	}
	opts, err := options(src, base)
	if err != nil {
		return err
	}
	told := &teller{w: w, number: o.Session}
	if src.Share != nil {
		opts = append(opts, evercreds.WithEvents(told.tell))
	}
	opened, err := w.openBy(src, base, opts)
	if err != nil {
		return err
	}
	told.session.Store(opened)
	s := &session{Session: opened, number: o.Session, over: make(chan struct{})}
	if w.opened.Add(1); o.Cached {
		if s.client, err = evercreds.Client(opened, sts.NewFromConfig); err != nil {
			return err
		}
	} else {
		base.HTTPClient = &http.Client{Transport: w.pool}
		s.client = sts.NewFromConfig(opened.Config(base), func(o *sts.Options) {
			if src.Resend {
				o.RetryMaxAttempts = 2
			}
		})
	}
	runtime.AddCleanup(opened, func(n *atomic.Int64) { n.Add(1) }, &w.collected)
	w.lock.Lock()
	defer w.lock.Unlock()
	w.sessions[o.Session] = s
	return nil
}

func options(src workers.Source, base aws.Config) ([]evercreds.Option, error) {
	opts := []evercreds.Option{evercreds.WithConfig(base), evercreds.WithDeferRefresh(!src.Eager),
		evercreds.WithEvents(func(evercreds.Event) {})}
	policies := map[string]evercreds.Policy{"classic": evercreds.Classic, "adaptive": evercreds.Adaptive, "aws2026": evercreds.AWS2026}
	if policy, given := policies[src.Policy]; given {
		opts = append(opts, evercreds.WithPolicy(policy))
	}
	if src.Inline {
		opts = append(opts, evercreds.WithAdvisoryRefresh(evercreds.Inline))
	}
	if src.Logs {
		opts = append(opts, evercreds.WithLogger(slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))))
	}
	if src.NoWait {
		opts = append(opts, evercreds.WithMaxWait(0))
	}
	for _, o := range []struct {
		seconds int
		option  func(time.Duration) evercreds.Option
	}{{src.Advisory, evercreds.WithAdvisoryTimeout}, {src.Mandatory, evercreds.WithMandatoryTimeout}, {src.Timeout, evercreds.WithRefreshTimeout}} {
		if o.seconds > 0 {
			opts = append(opts, o.option(time.Duration(o.seconds)*time.Second))
		}
	}
	if src.Share != nil {
		more, err := shared(*src.Share, base)
		return append(opts, more...), err
	}
	return opts, nil
}

func (w *worker) openBy(src workers.Source, base aws.Config, opts []evercreds.Option) (*evercreds.Session, error) {
	switch src.Kind {
	case "iot":
		dial := func(ctx context.Context, network, _ string) (net.Conn, error) { // whatever the endpoint's name
			return new(net.Dialer).DialContext(ctx, network, strings.TrimPrefix(src.TLSEndpoint, "https://"))
		}
		return evercreds.NewIoT(evercreds.IoTParams{
			Endpoint: "worker.credentials.iot." + base.Region + ".amazonaws.com", RoleAlias: src.Name,
			Certificate: evercreds.PEMFile(src.Certificate), PrivateKey: evercreds.PEMFile(src.PrivateKey),
			CA: evercreds.PEMFile(src.CA), DialContext: dial,
		}, opts...)
	case "custom":
		base.HTTPClient = &http.Client{Transport: w.sources}
		client := sts.NewFromConfig(base)
		return evercreds.NewCustom(func(ctx context.Context) (evercreds.Credentials, error) {
			return assume(ctx, client, src)
		}, opts...)
	case "sts":
		role := evercreds.AssumeRole{RoleARN: src.Name, RoleSessionName: src.SessionName, ExternalID: src.ExternalID, Duration: 15 * time.Minute}
		if src.Serial != "" {
			role.SerialNumber, role.MFA = src.Serial, func(context.Context) (string, error) { return codeNow(src.Secret), nil }
		}
		return evercreds.NewSTS(base, role, opts...)
	}
	return nil, errors.New("no source of this kind in Go: " + src.Kind)
}

func assume(ctx context.Context, client *sts.Client, src workers.Source) (got evercreds.Credentials, err error) {
	out, err := client.AssumeRole(ctx, &sts.AssumeRoleInput{RoleArn: &src.Name, RoleSessionName: &src.SessionName})
	if err != nil {
		return got, err
	}
	c := out.Credentials
	if c == nil || c.Expiration == nil {
		return got, errors.New("half a reply")
	}
	return evercreds.Credentials{AccessKeyID: aws.ToString(c.AccessKeyId), SecretAccessKey: aws.ToString(c.SecretAccessKey),
		SessionToken: aws.ToString(c.SessionToken), Expires: *c.Expiration}, nil
}

// call makes one signed call.
func (s *session) call(ctx context.Context, look bool) workers.Line {
	begun := time.Now()
	line := workers.Line{Session: s.number, AtMs: begun.UnixMilli(), Before: statusOf(s)}
	var err error
	if look {
		_, err = s.Retrieve(ctx)
		line.WaitMs = time.Since(begun).Milliseconds()
	}
	if err == nil {
		_, err = s.client.GetCallerIdentity(ctx, nil)
	}
	line.EndMs = line.AtMs + time.Since(begun).Milliseconds()
	if err != nil {
		line.Failed = strings.ReplaceAll(err.Error(), "\n", " ")
		var refused *evercreds.Error
		if errors.As(err, &refused) {
			line.Code = string(refused.Code)
		}
	}
	return line
}

// close ends the calls of a session, and then it.
func (w *worker) close(s *session, o workers.Order) workers.Status {
	close(s.over)
	s.callers.Wait()
	status := statusOf(s)
	w.lock.Lock()
	delete(w.sessions, s.number)
	if o.Leak == "session" {
		w.kept = append(w.kept, s)
	}
	w.lock.Unlock()
	if o.Leak != "session" && !o.Drop {
		s.Close()
	}
	return status
}

func statusOf(s *session) workers.Status {
	status := s.Status()
	return workers.Status{Phase: status.Phase.String(), RemainingMs: status.Remaining.Milliseconds(),
		MandatoryMs: status.MandatoryTimeout.Milliseconds(), Rejected: status.Rejected || status.Reported,
		Installs: status.Installs, Failures: status.Failures, Rejections: status.Rejections,
		ShareCalls: status.ShareCalls}
}
