// Command program is what somebody writes who imports evercreds: a role's
// credentials, a client of a service, one signed call.
package main

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/evercreds/evercreds"
)

func main() {
	base := aws.Credentials{AccessKeyID: os.Getenv("AWS_ACCESS_KEY_ID"), SecretAccessKey: os.Getenv("AWS_SECRET_ACCESS_KEY")}
	session, err := evercreds.NewSTS(aws.Config{
		Region:       os.Getenv("AWS_REGION"),
		BaseEndpoint: aws.String(os.Getenv("AWS_ENDPOINT_URL")),
		Credentials:  aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return base, nil }),
	}, evercreds.AssumeRole{RoleARN: os.Getenv("AWS_ROLE_ARN")})
	if err != nil {
		log.Fatal(err)
	}
	defer session.Close()
	client, err := evercreds.Client(session, sts.NewFromConfig)
	if err != nil {
		log.Fatal(err)
	}
	who, err := client.GetCallerIdentity(context.Background(), nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(aws.ToString(who.Arn))
}
