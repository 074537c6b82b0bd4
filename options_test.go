package evercreds_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/evercreds/evercreds"
	"github.com/evercreds/evercreds/core"
)

func TestOptionErrorsNameTheOption(t *testing.T) {
	for name, sets := range map[string][][]evercreds.Option{
		"policy": {{evercreds.WithPolicy(7)}, {evercreds.WithPolicy(-1)}},
		"advisory_timeout": {
			{evercreds.WithAdvisoryTimeout(-time.Second)}, {evercreds.WithAdvisoryTimeout(12 * time.Hour)},
			{evercreds.WithAdvisoryTimeout(1500 * time.Millisecond)}, {evercreds.WithAdvisoryTimeout(math.MaxInt64)},
			{evercreds.WithAutoAdvisoryTimeout(), evercreds.WithAdvisoryTimeout(time.Minute)},
		},
		"mandatory_timeout": {
			{evercreds.WithMandatoryTimeout(-time.Second)}, {evercreds.WithMandatoryTimeout(13 * time.Hour)},
			{evercreds.WithMandatoryTimeout(time.Second + 1)},
			{evercreds.WithAdvisoryTimeout(time.Minute), evercreds.WithMandatoryTimeout(2 * time.Minute)},
		},
		"stability":        {{evercreds.WithStability(3)}, {evercreds.WithStability(-1)}},
		"advisory_refresh": {{evercreds.WithAdvisoryRefresh(2)}, {evercreds.WithAdvisoryRefresh(-1)}},
		"refresh_timeout":  {{evercreds.WithRefreshTimeout(0)}, {evercreds.WithRefreshTimeout(-time.Second)}, {evercreds.WithRefreshTimeout(13 * time.Hour)}},
		"max_wait":         {{evercreds.WithMaxWait(-1)}, {evercreds.WithMaxWait(time.Hour + 1)}},
		"max_stale":        {{evercreds.WithMaxStale(-1)}, {evercreds.WithMaxStale(366 * 24 * time.Hour)}},
	} {
		for i, opts := range sets {
			_, err := evercreds.New(&vault{}, opts...)
			var p *evercreds.ParameterError
			if !errors.As(err, &p) || p.Parameter != name || !strings.HasPrefix(err.Error(), "evercreds: "+name+" must be ") {
				t.Errorf("%s, case %d: got %v", name, i, err)
			}
		}
	}
}

// Each option reaches the machine: what it changes shows.
func TestOptionsTakeEffect(t *testing.T) {
	windows := func(opts ...evercreds.Option) string {
		t.Helper()
		s := open(t, &vault{}, opts...)
		defer s.Close()
		if _, err := s.Retrieve(t.Context()); err != nil {
			t.Fatal(err)
		}
		st := s.Status()
		return fmt.Sprint(st.AdvisoryTimeout, " ", st.MandatoryTimeout)
	}
	for _, c := range []struct {
		want string
		opts []evercreds.Option
	}{
		{"15m0s 10m0s", nil},
		{"15m0s 1m0s", []evercreds.Option{evercreds.WithPolicy(evercreds.AWS2026)}},
		{"15m0s 1m0s", []evercreds.Option{evercreds.WithAutoAdvisoryTimeout()}},
		{"5m0s 5m0s", []evercreds.Option{evercreds.WithAdvisoryTimeout(5 * time.Minute)}},
		{"20m0s 3m0s", []evercreds.Option{evercreds.WithMandatoryTimeout(3 * time.Minute), evercreds.WithAdvisoryTimeout(20 * time.Minute)}},
		// the order in which options are given does not matter
		{"15m0s 2m0s", []evercreds.Option{evercreds.WithMandatoryTimeout(2 * time.Minute), evercreds.WithJitter(false), evercreds.WithPolicy(evercreds.Adaptive)}},
	} {
		if got := windows(c.opts...); got != c.want {
			t.Errorf("got %s, want %s", got, c.want)
		}
	}
	drawn := map[string]bool{}
	for range 5 {
		drawn[windows(evercreds.WithJitter(true))] = true
	}
	if len(drawn) < 2 {
		t.Errorf("jitter drew %v", drawn)
	}
}

// nameless is of a method that is nobody's.
type nameless struct{ vault }

func (*nameless) Method() core.Method { return 7 }

func TestConstructorErrorsNameTheParameter(t *testing.T) {
	base := aws.Config{Region: "us-east-1", Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return aws.Credentials{}, nil })}
	for name, build := range map[string]func() (*evercreds.Session, error){
		"RoleARN":  func() (*evercreds.Session, error) { return evercreds.NewSTS(base, evercreds.AssumeRole{}) },
		"Endpoint": func() (*evercreds.Session, error) { return evercreds.NewIoT(evercreds.IoTParams{}) },
		"fetch":    func() (*evercreds.Session, error) { return evercreds.NewCustom(nil) },
		"source":   func() (*evercreds.Session, error) { return evercreds.New(nil) },
		"opts":     func() (*evercreds.Session, error) { return evercreds.New(&vault{}, nil) },
		"method":   func() (*evercreds.Session, error) { return evercreds.New(&nameless{}) },
		"Region": func() (*evercreds.Session, error) {
			return evercreds.NewSTS(aws.Config{Credentials: base.Credentials}, evercreds.AssumeRole{RoleARN: roleARN})
		},
		"Credentials": func() (*evercreds.Session, error) { // of a constructor whose error was ignored
			var parent *evercreds.Session
			return evercreds.NewSTS(aws.Config{Region: "us-east-1", Credentials: parent}, evercreds.AssumeRole{RoleARN: roleARN})
		},
		"needs": func() (*evercreds.Session, error) {
			s := open(t, &vault{})
			defer s.Close()
			_, err := s.Credentials(context.Background(), nil)
			return s, err
		},
		"Duration": func() (*evercreds.Session, error) { // a role that assumes a role
			parent, err := evercreds.NewSTS(base, evercreds.AssumeRole{RoleARN: "arn:aws:iam::123456789012:role/parent"})
			if err != nil {
				return nil, err
			}
			defer parent.Close()
			return evercreds.NewSTS(parent.Config(base), evercreds.AssumeRole{
				RoleARN: "arn:aws:iam::123456789012:role/child", Duration: 2 * time.Hour,
			})
		},
		"MinTTL": func() (*evercreds.Session, error) {
			s := open(t, &vault{})
			defer s.Close()
			_, err := s.Credentials(context.Background(), evercreds.MinTTL(-1))
			return s, err
		},
	} {
		_, err := build()
		var p *evercreds.ParameterError
		if !errors.As(err, &p) || p.Parameter != name {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
