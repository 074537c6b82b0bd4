package evercreds_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/evercreds/evercreds"
)

// Assume a role, and hand the session to any client of the SDK.
func Example() {
	ctx := context.Background()
	cfg := loadConfig(ctx) // config.LoadDefaultConfig in a program of yours

	session, err := evercreds.NewSTS(cfg, evercreds.AssumeRole{RoleARN: "arn:aws:iam::210987654321:role/reader"})
	if err != nil {
		log.Fatal(err)
	}
	defer session.Close()

	client := sts.NewFromConfig(session.Config(cfg))
	who, err := client.GetCallerIdentity(ctx, nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(*who.Arn)
	// Output: arn:aws:sts::210987654321:assumed-role/reader/evercreds
}

// The SDK's loader wraps a provider in a cache that keeps credentials until they expire.
// Uncached is the form for caches; in a program of yours this is
//
//	cfg, err := config.LoadDefaultConfig(ctx,
//		config.WithCredentialsProvider(session.Uncached()),
//		config.WithAPIOptions(session.APIOptions()))
func ExampleSession_Uncached() {
	ctx := context.Background()
	cfg := loadConfig(ctx)
	session, err := evercreds.NewSTS(cfg, evercreds.AssumeRole{RoleARN: "arn:aws:iam::210987654321:role/reader"})
	if err != nil {
		log.Fatal(err)
	}
	defer session.Close()

	wrong, right := cfg.Copy(), cfg.Copy()
	wrong.Credentials = aws.NewCredentialsCache(session) // as config.WithCredentialsProvider(session) does
	right.Credentials = aws.NewCredentialsCache(session.Uncached())
	right.APIOptions = append(right.APIOptions, session.APIOptions()...)
	for _, cfg := range []aws.Config{wrong, right} {
		before, _ := cfg.Credentials.Retrieve(ctx)
		if _, err := session.Refresh(ctx); err != nil {
			log.Fatal(err)
		}
		after, _ := cfg.Credentials.Retrieve(ctx)
		fmt.Println("new credentials:", after.AccessKeyID != before.AccessKeyID)
	}
	// Output:
	// new credentials: false
	// new credentials: true
}

// A session that is eager fetches at once, and stays fresh with nobody asking.
func ExampleNewSTS() {
	ctx := context.Background()
	session, err := evercreds.NewSTS(loadConfig(ctx), evercreds.AssumeRole{
		RoleARN:         "arn:aws:iam::210987654321:role/reader",
		RoleSessionName: "nightly",
		Duration:        time.Hour,
	}, evercreds.WithEager(), evercreds.WithAdvisoryTimeout(20*time.Minute))
	if err != nil {
		log.Fatal(err)
	}
	defer session.Close()
	who, err := session.Identity(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(who.ARN)

	session.Close()
	_, err = session.Retrieve(ctx)
	fmt.Println(errors.Is(err, evercreds.ErrClosed))
	// Output:
	// arn:aws:sts::210987654321:assumed-role/reader/nightly
	// true
}

// With MFA the code comes from a function or a program, once for each refresh.
func ExampleNewSTS_mfa() {
	ctx := context.Background()
	session, err := evercreds.NewSTS(loadConfig(ctx), evercreds.AssumeRole{
		RoleARN:      "arn:aws:iam::210987654321:role/admin",
		SerialNumber: "arn:aws:iam::123456789012:mfa/me",
		MFACommand:   []string{"ykman", "oath", "accounts", "code", "--single", "aws"},
		Duration:     2 * time.Hour,
	})
	if err != nil {
		log.Fatal(err)
	}
	session.Close()
}

// Credentials may come from anywhere.
func ExampleNewCustom() {
	session, err := evercreds.NewCustom(func(ctx context.Context) (evercreds.Credentials, error) {
		return evercreds.Credentials{
			AccessKeyID:     "AKIAIOSFODNN7EXAMPLE",
			SecretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
			SessionToken:    "token",
			Expires:         time.Now().Add(time.Hour),
		}, nil
	}, evercreds.WithPolicy(evercreds.Adaptive))
	if err != nil {
		log.Fatal(err)
	}
	defer session.Close()

	creds, err := session.Retrieve(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(creds.AccessKeyID, session.Status().Phase)
	// Output: AKIAIOSFODNN7EXAMPLE fresh
}

// A device shows its certificate, and no long-term key is on it.
func ExampleNewIoT() {
	session, err := evercreds.NewIoT(evercreds.IoTParams{
		Endpoint:    "c1234567890abc.credentials.iot.eu-west-1.amazonaws.com",
		RoleAlias:   "readers",
		ThingName:   "thermometer-7",
		Certificate: evercreds.PEMFile("/etc/device/certificate.pem"),
		PrivateKey:  evercreds.PEMFile("/etc/device/private.pem"),
	})
	var bad *evercreds.ParameterError
	if errors.As(err, &bad) {
		fmt.Println(bad)
		return
	}
	defer session.Close()
	// Output: evercreds: Certificate must be a file that can be read: no such file or directory
}

// A URL signed now is to be good for ten minutes.
func ExampleMinTTL() {
	ctx := context.Background()
	session, err := evercreds.NewSTS(loadConfig(ctx), evercreds.AssumeRole{RoleARN: "arn:aws:iam::210987654321:role/reader"})
	if err != nil {
		log.Fatal(err)
	}
	defer session.Close()
	creds, err := session.Credentials(ctx, evercreds.MinTTL(10*time.Minute))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(time.Until(creds.Expires) >= 10*time.Minute)
	// Output: true
}

// A service that is called by other means than the SDK has refused a set: this caller
// gets another one, and all others go on with what they have.
func ExampleOtherThan() {
	ctx := context.Background()
	session, err := evercreds.NewSTS(loadConfig(ctx), evercreds.AssumeRole{RoleARN: "arn:aws:iam::210987654321:role/reader"})
	if err != nil {
		log.Fatal(err)
	}
	defer session.Close()
	refused, err := session.Retrieve(ctx)
	if err != nil {
		log.Fatal(err)
	}
	other, err := session.Credentials(ctx, evercreds.OtherThan(refused))
	if err != nil {
		log.Fatal(err) // the service's own error tells more; this one tells why there is no other set
	}
	fmt.Println(other.AccessKeyID != refused.AccessKeyID)
	// Output: true
}

// An error says whose fault it is and when trying again makes sense. By default it
// comes when waiting for the next attempts has not helped.
func ExampleError() {
	session, err := evercreds.NewCustom(func(context.Context) (evercreds.Credentials, error) {
		return evercreds.Credentials{}, errors.New("vault is sealed")
	}, evercreds.WithMaxWait(0))
	if err != nil {
		log.Fatal(err)
	}
	defer session.Close()
	_, err = session.Retrieve(context.Background())
	var e *evercreds.Error
	if errors.As(err, &e) {
		fmt.Println(e)
		fmt.Println(e.Class, e.Code == evercreds.CodeSource)
	}
	// Output:
	// evercreds: the source of the credentials failed (calling evercreds_test.ExampleError.func1): custom: vault is sealed
	// recoverable true
}
