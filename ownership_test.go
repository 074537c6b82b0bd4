package evercreds_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/evercreds/evercreds"
)

// idle counts how often somebody closes the connections of a user's transport.
type idle struct {
	*http.Transport
	closed atomic.Int64
}

func (i *idle) CloseIdleConnections() { i.closed.Add(1); i.Transport.CloseIdleConnections() }

// A session is closed while another client of the user's downloads by the same HTTP
// client: the download continues, and the next one uses the same connection.
func TestCloseLeavesTheUsersHTTPClientAlone(t *testing.T) {
	_, cfg := startStandIn(t, 0)
	half := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "one ")
		w.(http.Flusher).Flush()
		<-half
		_, _ = io.WriteString(w, "two")
	}))
	defer server.Close()
	transport := &idle{Transport: http.DefaultTransport.(*http.Transport).Clone()}
	defer transport.Transport.CloseIdleConnections()
	for name, client := range map[string]aws.HTTPClient{
		"the user's transport": &http.Client{Transport: transport}, "the SDK's client": awshttp.NewBuildableClient(),
	} {
		cfg := cfg.Copy()
		cfg.HTTPClient = client
		s := newSTS(t, cfg)
		if _, err := s.Identity(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := evercreds.Client(s, sts.NewFromConfig); err != nil {
			t.Fatal(err)
		}
		request, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, nil)
		reply, err := client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		s.Close()
		go func() { half <- struct{}{} }()
		body, err := io.ReadAll(reply.Body)
		if err != nil || string(body) != "one two" {
			t.Errorf("%s: %q, %v", name, body, err)
		}
		_ = reply.Body.Close()
	}
	if n := transport.closed.Load(); n != 0 {
		t.Errorf("the user's transport was told %d times to close its connections", n)
	}
}

// closable is a source of the user's that two sessions share: its Close is none of io.Closer.
type closable struct {
	vault
	closed atomic.Int64
}

func (c *closable) Close() { c.closed.Add(1) }

func TestCloseLeavesASharedSourceAlone(t *testing.T) {
	shared := &closable{}
	for range 2 {
		s, err := evercreds.New(shared)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Retrieve(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.Close()
	}
	if n := shared.closed.Load(); n != 0 {
		t.Errorf("closed %d times", n)
	}
}

// A user may change lists, maps and texts after passing them: nothing changes in the
// session. The session changes none of them.
func TestArgumentsMayBeReused(t *testing.T) {
	standIn, cfg := startStandIn(t, 0)
	var ours, theirs atomic.Int64
	count := func(n *atomic.Int64) func(*middleware.Stack) error {
		return func(*middleware.Stack) error { n.Add(1); return nil }
	}
	endpoint := standIn.URL
	cfg.BaseEndpoint = &endpoint
	cfg.APIOptions = append(make([]func(*middleware.Stack) error, 0, 8), count(&ours))
	cfg.AuthSchemePreference = []string{"sigv4"}
	role := evercreds.AssumeRole{
		RoleARN: roleARN, Tags: map[string]string{"team": "a"}, TransitiveTagKeys: []string{"team"},
		PolicyARNs:       []string{"arn:aws:iam::aws:policy/ReadOnlyAccess"},
		ProvidedContexts: []types.ProvidedContext{{ProviderArn: aws.String("arn:aws:iam::aws:contextProvider/x"), ContextAssertion: aws.String("assertion")}},
	}
	before := fmt.Sprintf("%v %v %v %v", role.Tags, role.TransitiveTagKeys, role.PolicyARNs, *role.ProvidedContexts[0].ContextAssertion)
	with := evercreds.WithConfig(cfg)
	s, err := evercreds.NewSTS(cfg, role, with)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	plain := newSTS(t, cfg) // its clients have the config of NewSTS
	if after := fmt.Sprintf("%v %v %v %v", role.Tags, role.TransitiveTagKeys, role.PolicyARNs, *role.ProvidedContexts[0].ContextAssertion); after != before || len(cfg.APIOptions) != 1 || cfg.APIOptions[:2][1] != nil {
		t.Errorf("it was changed: %s", after)
	}
	endpoint, cfg.APIOptions[0], cfg.AuthSchemePreference[0] = "http://127.0.0.1:1", count(&theirs), "none"
	role.Tags["team"], role.Tags["x"], role.TransitiveTagKeys[0], role.PolicyARNs[0] = "b", "y", "x", "x"
	*role.ProvidedContexts[0].ContextAssertion = ""
	for _, each := range []*evercreds.Session{s, plain} {
		if _, err := each.Identity(t.Context()); err != nil {
			t.Error(err)
		}
	}
	if ours.Load() == 0 || theirs.Load() != 0 {
		t.Errorf("%d calls with what was handed in, %d with what came later", ours.Load(), theirs.Load())
	}
}

// A function's error is the function's: it may keep it, with the reply and all.
func TestErrorsOfAFunctionStayUnchanged(t *testing.T) {
	request, _ := http.NewRequest(http.MethodGet, "https://localhost/", nil)
	fails := &smithyhttp.ResponseError{
		Response: &smithyhttp.Response{Response: &http.Response{StatusCode: 500, Request: request, Header: http.Header{"X": {"y"}}, Body: http.NoBody}},
		Err:      errors.New("a gateway"),
	}
	s, err := evercreds.NewCustom(func(context.Context) (evercreds.Credentials, error) {
		return evercreds.Credentials{AccessKeyID: "gateway", SecretAccessKey: "gateway", SessionToken: "gateway", Expires: time.Now()}, fails
	})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := s.Refresh(t.Context()); err == nil {
		t.Error("no error")
	}
	if fails.Response.Request != request || fails.Response.Header.Get("X") != "y" || fails.Err.Error() != "a gateway" {
		t.Errorf("it was changed: %+v", fails)
	}
}

// keeping is an HTTP client of the user's that keeps its replies, as a cache or a log
// of traffic does, and answers without a server.
type keeping struct {
	reply func(*http.Request) *http.Response
	kept  []*http.Response
	was   []http.Response
}

func (k *keeping) Do(request *http.Request) (*http.Response, error) {
	reply := k.reply(request)
	was := *reply
	was.Header = reply.Header.Clone()
	k.kept, k.was = append(k.kept, reply), append(k.was, was)
	return reply, nil
}

// source answers, well or badly, by the user's HTTP client: the replies that the client
// keeps are as they were, and the error that callers get shows none of what they hold.
func TestRepliesOfTheUsersHTTPClientStayUnchanged(t *testing.T) {
	const ok = `<GetCallerIdentityResponse><GetCallerIdentityResult><Account>1</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`
	_, cfg := startStandIn(t, 0)
	for name, c := range map[string]struct {
		status int
		body   string
	}{
		"refused": {http.StatusForbidden, "<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>"},
		"good":    {http.StatusOK, ok}, "unreadable": {http.StatusOK, "<no"}, "without a code": {http.StatusForbidden, ""},
	} {
		user := &keeping{reply: func(request *http.Request) *http.Response {
			header := http.Header{"X-Echo": {request.Header.Get("X-Amz-Security-Token")}}
			return &http.Response{StatusCode: c.status, Header: header, Request: request, Body: io.NopCloser(strings.NewReader(c.body))}
		}}
		cfg := cfg.Copy()
		cfg.HTTPClient = user
		cfg.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AKIA", SecretAccessKey: "secret", SessionToken: "sentinel-token"}, nil
		})
		s, err := evercreds.NewSTS(cfg, evercreds.AssumeRole{RoleARN: roleARN}, evercreds.WithStability(evercreds.Strict))
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		_, err = s.Refresh(t.Context())
		var reply *smithyhttp.ResponseError
		if err == nil {
			t.Errorf("%s: no error", name)
		} else if errors.As(err, &reply) && (reply.Response.Request != nil || strings.Contains(fmt.Sprint(reply.Response.Header), "sentinel-token")) {
			t.Errorf("%s: %+v", name, reply.Response.Response)
		}
		if len(user.kept) == 0 {
			t.Fatalf("%s: nothing was asked", name)
		}
		for i, kept := range user.kept {
			was := user.was[i]
			if kept.Request != was.Request || kept.Body != was.Body || !maps.EqualFunc(kept.Header, was.Header, slices.Equal) {
				t.Errorf("%s: the user's reply was changed: %+v", name, kept)
			}
		}
	}
}

// source fails with an error of the user's own, which its HTTP client or its middleware
// gives again and again: it is as it was.
func TestErrorsOfTheUsersClientStayUnchanged(t *testing.T) {
	_, cfg := startStandIn(t, 0)
	cfg.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: "AKIA", SecretAccessKey: "secret", SessionToken: "sentinel-token"}, nil
	})
	request, _ := http.NewRequest(http.MethodPost, "https://localhost/", nil)
	request.Header.Set("X-Amz-Security-Token", "sentinel-token")
	header := http.Header{"X-Echo": {"sentinel-token"}}
	own := &smithyhttp.ResponseError{
		Response: &smithyhttp.Response{Response: &http.Response{StatusCode: http.StatusForbidden, Request: request, Header: header}},
		Err:      errors.New("refused by the gateway"),
	}
	for name, use := range map[string]func(*aws.Config){
		"HTTP client": func(cfg *aws.Config) {
			cfg.HTTPClient = smithyhttp.ClientDoFunc(func(*http.Request) (*http.Response, error) { return nil, own })
		},
		"middleware": func(cfg *aws.Config) {
			cfg.APIOptions = append(cfg.APIOptions, func(stack *middleware.Stack) error {
				return stack.Deserialize.Add(middleware.DeserializeMiddlewareFunc("own", func(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (
					out middleware.DeserializeOutput, metadata middleware.Metadata, err error,
				) {
					out, metadata, _ = next.HandleDeserialize(ctx, in)
					return out, metadata, own
				}), middleware.Before)
			})
		},
	} {
		cfg := cfg.Copy()
		cfg.Retryer = func() aws.Retryer { return aws.NopRetryer{} }
		use(&cfg)
		s, err := evercreds.NewSTS(cfg, evercreds.AssumeRole{RoleARN: roleARN})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		_, err = s.Refresh(t.Context())
		if own.Response.Request != request || own.Response.Body != nil || header.Get("X-Echo") != "sentinel-token" {
			t.Errorf("%s: it was changed: %+v", name, own.Response.Response)
			own.Response.Request, own.Response.Body, header["X-Echo"] = request, nil, []string{"sentinel-token"}
		}
		var reply *smithyhttp.ResponseError
		if err == nil || errors.As(err, &reply) && strings.Contains(fmt.Sprintf("%+v", reply.Response.Response), "sentinel-token") {
			t.Errorf("%s: got %v, which shows %+v", name, err, reply)
		}
	}
}
