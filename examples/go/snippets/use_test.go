package snippets

import (
	"context"
	"errors"
	"log"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/evercreds/evercreds"
)

func presign(ctx context.Context) error {
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
	object := &s3.GetObjectInput{Bucket: aws.String("reports"), Key: aws.String("today.pdf")}
	life := 45 * time.Minute
	enough := aws.CredentialsProviderFunc(func(ctx context.Context) (aws.Credentials, error) {
		return session.Credentials(ctx, evercreds.MinTTL(life)) // new ones, if those in use end sooner
	})
	urls := s3.NewPresignClient(client, func(o *s3.PresignOptions) {
		o.ClientOptions = append(o.ClientOptions, func(o *s3.Options) { o.Credentials = enough })
	})
	link, err := urls.PresignGetObject(ctx, object, s3.WithPresignExpires(life))
	if err != nil {
		return err
	}
	return check(strings.Contains(link.URL, "X-Amz-Expires=2700"), link.URL)
}

func policies(ctx context.Context) error {
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return err
	}
	role := evercreds.AssumeRole{RoleARN: "arn:aws:iam::123456789012:role/job"}
	var wrong error
	made := func(session *evercreds.Session, err error) {
		if err == nil {
			err = session.Close()
		}
		wrong = errors.Join(wrong, err)
	}
	session, err := evercreds.NewSTS(cfg, role)
	made(session, err)
	session, err = evercreds.NewSTS(cfg, role, evercreds.WithMaxWait(2*time.Second))
	made(session, err)
	session, err = evercreds.NewSTS(cfg, role, evercreds.WithPolicy(evercreds.Adaptive))
	made(session, err)
	session, err = evercreds.NewSTS(cfg, role, evercreds.WithStability(evercreds.Strict), evercreds.WithMaxWait(0))
	made(session, err)
	session, err = evercreds.NewSTS(cfg, role, evercreds.WithStability(evercreds.Static), evercreds.WithMaxStale(time.Hour))
	made(session, err)
	session, err = evercreds.NewSTS(cfg, role, evercreds.WithEager())
	made(session, err)
	return wrong
}

func showError(ctx context.Context) error {
	defer log.SetOutput(log.Writer())
	log.SetOutput(new(strings.Builder)) // a test prints nothing
	session, err := evercreds.NewCustom(func(context.Context) (evercreds.Credentials, error) {
		return evercreds.Credentials{}, errors.New("the vault is sealed")
	}, evercreds.WithMaxWait(0)) // tell at once
	if err != nil {
		return err
	}
	defer session.Close()
	_, err = session.Retrieve(ctx)
	var failed *evercreds.Error
	if errors.As(err, &failed) {
		log.Print(failed)                                                 // what is wrong, and what to do
		log.Print(failed.Code == evercreds.CodeSource, " ", failed.Class) // true recoverable
		log.Print(errors.Unwrap(failed))                                  // the source's own error
	}
	return check(failed != nil, err)
}

func events(ctx context.Context) error {
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return err
	}
	role := evercreds.AssumeRole{RoleARN: "arn:aws:iam::123456789012:role/job"}
	session, err := evercreds.NewSTS(cfg, role, evercreds.WithEvents(func(e evercreds.Event) {
		if e.Kind == evercreds.EventFailure {
			log.Print(e.Role, " ", e.ErrorCode, " ", e.AWSErrorCode)
		}
	}))
	if err != nil {
		return err
	}
	defer session.Close()
	_, err = s3.NewFromConfig(session.Config(cfg)).ListBuckets(ctx, nil)
	return err
}
