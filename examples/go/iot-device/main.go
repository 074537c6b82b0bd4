// Command iot-device lists the S3 buckets that a device may see, which has nothing
// but a certificate.
//
//	iot-device -endpoint ID.credentials.iot.REGION.amazonaws.com -role-alias ALIAS \
//		-thing-name THING -certificate certificate.pem.crt -private-key private.pem.key
package main

import (
	"context"
	"flag"
	"fmt"
	"log"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/evercreds/evercreds"
)

func main() {
	var (
		endpoint    = flag.String("endpoint", "", "the account's credentials endpoint")
		roleAlias   = flag.String("role-alias", "", "the role alias")
		thingName   = flag.String("thing-name", "", "the thing that the certificate is attached to")
		certificate = flag.String("certificate", "", "the certificate, a PEM file")
		privateKey  = flag.String("private-key", "", "its key, a PEM file")
		ca          = flag.String("ca", "", "who vouches for the endpoint, a PEM file (default: whom the system trusts)")
	)
	flag.Parse()
	params := evercreds.IoTParams{
		Endpoint: *endpoint, RoleAlias: *roleAlias, ThingName: *thingName,
		Certificate: evercreds.PEMFile(*certificate), PrivateKey: evercreds.PEMFile(*privateKey),
	}
	if *ca != "" {
		params.CA = evercreds.PEMFile(*ca)
	}
	if err := listBuckets(context.Background(), params); err != nil {
		log.Fatal(err)
	}
}

func listBuckets(ctx context.Context, params evercreds.IoTParams) error {
	session, err := evercreds.NewIoT(params)
	if err != nil {
		return err
	}
	defer session.Close()
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return err
	}
	out, err := s3.NewFromConfig(session.Config(cfg)).ListBuckets(ctx, nil)
	if err != nil {
		return err
	}
	for _, bucket := range out.Buckets {
		fmt.Println(aws.ToString(bucket.Name))
	}
	return nil
}
