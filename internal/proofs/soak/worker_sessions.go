package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/evercreds/evercreds"
)

func (w *worker) open(s source) (*evercreds.Session, error) {
	policy := map[string]evercreds.Policy{"classic": evercreds.Classic, "adaptive": evercreds.Adaptive}[s.Policy]
	seconds := func(n int) time.Duration { return time.Duration(n) * time.Second }
	opts := []evercreds.Option{evercreds.WithPolicy(policy), evercreds.WithDeferRefresh(s.Deferred),
		evercreds.WithAdvisoryTimeout(seconds(s.Advisory)), evercreds.WithMandatoryTimeout(seconds(s.Mandatory)),
		evercreds.WithRefreshTimeout(seconds(s.Timeout)), evercreds.WithConfig(w.base),
		evercreds.WithEvents(func(evercreds.Event) {})}
	if s.Inline {
		opts = append(opts, evercreds.WithAdvisoryRefresh(evercreds.Inline))
	}
	session, err := w.openBy(s, opts)
	if err == nil {
		w.opened.Add(1)
		runtime.AddCleanup(session, func(n *atomic.Int64) { n.Add(1) }, &w.collected)
	}
	return session, err
}

func (w *worker) openBy(s source, opts []evercreds.Option) (*evercreds.Session, error) {
	switch s.Kind {
	case "iot":
		return evercreds.NewIoT(evercreds.IoTParams{
			Endpoint: "soak.credentials.iot." + w.job.Region + ".amazonaws.com", RoleAlias: s.Name,
			Certificate: evercreds.PEMFile(w.job.Certificate), PrivateKey: evercreds.PEMFile(w.job.PrivateKey),
			CA: evercreds.PEMFile(w.job.CA), DialContext: w.dial,
		}, opts...)
	case "custom":
		client := sts.NewFromConfig(w.base, func(o *sts.Options) { o.HTTPClient = &http.Client{Transport: w.sources} })
		return evercreds.NewCustom(func(ctx context.Context) (evercreds.Credentials, error) {
			out, err := client.AssumeRole(ctx, &sts.AssumeRoleInput{RoleArn: &s.Name, RoleSessionName: aws.String("soak")})
			if err != nil {
				return evercreds.Credentials{}, err
			}
			c := out.Credentials
			if c == nil || c.Expiration == nil {
				return evercreds.Credentials{}, errors.New("half a reply")
			}
			return evercreds.Credentials{AccessKeyID: aws.ToString(c.AccessKeyId), SecretAccessKey: aws.ToString(c.SecretAccessKey),
				SessionToken: aws.ToString(c.SessionToken), Expires: *c.Expiration}, nil
		}, opts...)
	}
	return evercreds.NewSTS(w.base, evercreds.AssumeRole{RoleARN: s.Name, RoleSessionName: "soak"}, opts...)
}

// call makes one signed call, and tells of one that failed.
func (w *worker) call(s source, session *evercreds.Session, client *sts.Client) {
	ctx, stop := context.WithTimeout(context.Background(), 30*time.Second)
	defer stop()
	begun, before := time.Now(), session.Status()
	_, err := client.GetCallerIdentity(ctx, nil)
	w.calls.Add(1)
	if err == nil {
		return
	}
	w.failed.Add(1)
	after, took := session.Status(), time.Since(begun)
	var refused *evercreds.Error
	spaced := errors.As(err, &refused) && refused.Code == evercreds.CodeRejected && after.Rejections >= 2
	w.tell(map[string]any{"kind": "failure", "source": s.Name, "at_ms": begun.UnixMilli(), "took_ms": took.Milliseconds(),
		// a set was held that could be served until the call's end
		"held":   before.Remaining-before.MandatoryTimeout > took && !before.Rejected && after.Rejections == before.Rejections,
		"spaced": spaced, "error": strings.ReplaceAll(err.Error(), "\n", " ")})
}

// pass is a session from its beginning to its end, over a set that is rejected.
func (w *worker) pass(s source, rejected bool) {
	begun := time.Now()
	session, err := w.open(s)
	if err == nil {
		var client *sts.Client
		if client, err = evercreds.Client(session, sts.NewFromConfig); err == nil {
			w.call(s, session, client)
			if rejected {
				w.revoke(session)
			}
			w.call(s, session, client)
		}
		w.end(session)
	}
	if err != nil {
		w.tell(map[string]any{"kind": "failure", "source": s.Name, "at_ms": begun.UnixMilli(), "held": true, "error": err.Error()})
	}
}

func (w *worker) end(s *evercreds.Session) {
	w.lock.Lock()
	w.passed += s.Status().Installs
	w.lock.Unlock()
	if w.job.Leak == "session" {
		w.kept = append(w.kept, s)
		return
	}
	s.Close()
}

// revoke has the stand-in reject the set that a session holds.
func (w *worker) revoke(session *evercreds.Session) {
	ctx, stop := context.WithTimeout(context.Background(), 30*time.Second)
	defer stop()
	held, err := session.Retrieve(ctx)
	if err != nil {
		return // its source is at fault just now
	}
	body := strings.NewReader(fmt.Sprintf(`{"access_key_id":%q}`, held.AccessKeyID))
	client := &http.Client{Transport: w.pool, Timeout: 30 * time.Second}
	if reply, err := client.Post(w.job.Control+"/revoke", "application/json", body); err == nil {
		w.rejected.Add(1)
		_ = reply.Body.Close()
	}
}

// dial leads to the stand-in, whatever the endpoint's name.
func (w *worker) dial(ctx context.Context, network, _ string) (net.Conn, error) {
	return new(net.Dialer).DialContext(ctx, network, strings.TrimPrefix(w.job.TLSEndpoint, "https://"))
}
