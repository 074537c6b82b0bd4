package snippets

import (
	"context"
	"log"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/evercreds/evercreds"
)

func start(ctx context.Context) error {
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return err
	}
	session, err := evercreds.NewSTS(cfg, evercreds.AssumeRole{RoleARN: "arn:aws:iam::123456789012:role/job"})
	if err != nil {
		return err
	}
	defer session.Close()
	client := s3.NewFromConfig(session.Config(cfg))
	_, err = client.ListBuckets(ctx, nil) // today, tomorrow, next week
	if err != nil {
		return err
	}
	defer log.SetOutput(log.Writer())
	log.SetOutput(new(strings.Builder)) // a test prints nothing
	who, err := session.Identity(ctx)
	if err != nil {
		return err
	}
	status := session.Status()
	log.Println(who.ARN)                        // the assumed role, as STS names it
	log.Println(status.Phase, status.Remaining) // fresh, and what is left
	if status.Phase != evercreds.PhaseFresh {
		return check(false, status.Phase)
	}
	kept, err := evercreds.Client(session, s3.NewFromConfig) // the same client each time
	if err != nil {
		return err
	}
	_, err = kept.ListBuckets(ctx, nil)
	return err
}

func mfaByCommand(ctx context.Context) error {
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return err
	}
	session, err := evercreds.NewSTS(cfg, evercreds.AssumeRole{
		RoleARN:      "arn:aws:iam::123456789012:role/admin",
		SerialNumber: "arn:aws:iam::123456789012:mfa/me",
		MFACommand:   []string{"ykman", "oath", "accounts", "code", "--single", "aws"},
	})
	if err != nil {
		return err
	}
	defer session.Close()
	_, err = s3.NewFromConfig(session.Config(cfg)).ListBuckets(ctx, nil)
	return err
}

func mfaByPerson(ctx context.Context) error {
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return err
	}
	session, err := evercreds.NewSTS(cfg, evercreds.AssumeRole{
		RoleARN:      "arn:aws:iam::123456789012:role/admin",
		SerialNumber: "arn:aws:iam::123456789012:mfa/me",
		Duration:     12 * time.Hour, // as long as the role allows: one code in twelve hours
		MFA:          ask,            // func(context.Context) (string, error)
		MFAPrompts:   true,           // a person answers: no refresh starts until a call needs it
	})
	if err != nil {
		return err
	}
	defer session.Close()
	_, err = s3.NewFromConfig(session.Config(cfg)).ListBuckets(ctx, nil)
	return err
}

func chaining(ctx context.Context) error {
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return err
	}
	team, err := evercreds.NewSTS(cfg, evercreds.AssumeRole{RoleARN: "arn:aws:iam::111111111111:role/team"})
	if err != nil {
		return err
	}
	defer team.Close()
	job, err := evercreds.NewSTS(team.Config(cfg), evercreds.AssumeRole{RoleARN: "arn:aws:iam::222222222222:role/job"})
	if err != nil {
		return err
	}
	defer job.Close()
	_, err = s3.NewFromConfig(job.Config(cfg)).ListBuckets(ctx, nil)
	if err != nil {
		return err
	}
	who, err := job.Identity(ctx)
	if err != nil {
		return err
	}
	return check(strings.Contains(who.ARN, ":222222222222:assumed-role/job/"), who.ARN)
}

type lease struct {
	AccessKey, SecretKey, Token string
	End                         time.Time
}

type vaultClient struct{}

func (vaultClient) Read(_ context.Context, path string) (lease, error) {
	return lease{path, "s", "t", time.Now().Add(time.Hour)}, nil
}

func custom(ctx context.Context) error {
	var vault vaultClient
	session, err := evercreds.NewCustom(func(ctx context.Context) (evercreds.Credentials, error) {
		lease, err := vault.Read(ctx, "aws/job")
		if err != nil {
			return evercreds.Credentials{}, err
		}
		return evercreds.Credentials{
			AccessKeyID:     lease.AccessKey,
			SecretAccessKey: lease.SecretKey,
			SessionToken:    lease.Token,
			Expires:         lease.End, // or NoExpiry: true
		}, nil
	})
	if err != nil {
		return err
	}
	defer session.Close()
	held, err := session.Retrieve(ctx)
	if err != nil {
		return err
	}
	return check(held.AccessKeyID == "aws/job", held.AccessKeyID)
}

func iot(context.Context) error {
	session, err := evercreds.NewIoT(evercreds.IoTParams{
		Endpoint:    "abc123.credentials.iot.us-east-1.amazonaws.com",
		RoleAlias:   "reader",
		ThingName:   "pump-7",
		Certificate: evercreds.PEMFile("certificate.pem.crt"),
		PrivateKey:  evercreds.PEMFile("private.pem.key"),
	})
	if err != nil {
		return err
	}
	return session.Close()
}

func stscredsBefore(ctx context.Context) error {
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return err
	}
	provider := stscreds.NewAssumeRoleProvider(sts.NewFromConfig(cfg), "arn:aws:iam::123456789012:role/job")
	cfg.Credentials = aws.NewCredentialsCache(provider)
	client := s3.NewFromConfig(cfg)
	_, err = client.ListBuckets(ctx, nil)
	return err
}

func stscredsAfter(ctx context.Context) error {
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return err
	}
	session, err := evercreds.NewSTS(cfg, evercreds.AssumeRole{RoleARN: "arn:aws:iam::123456789012:role/job"})
	if err != nil {
		return err
	}
	defer session.Close() // where the program ends
	client := s3.NewFromConfig(session.Config(cfg))
	_, err = client.ListBuckets(ctx, nil)
	return err
}
