package pkcs11_test

import (
	"log"
	"os"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/evercreds/evercreds"
	"github.com/evercreds/evercreds/pkcs11"
)

func Example() {
	key, err := pkcs11.Open(pkcs11.Params{
		Library:         "/usr/lib/softhsm/libsofthsm2.so",
		TokenLabel:      "devices",
		PIN:             os.Getenv("TOKEN_PIN"),
		PrivateKeyLabel: "device-1",
	})
	if err != nil {
		log.Fatal(err)
	}
	defer key.Close()
	session, err := evercreds.NewIoT(evercreds.IoTParams{
		Endpoint:    "c1234567890abc.credentials.iot.eu-west-1.amazonaws.com",
		RoleAlias:   "device",
		Certificate: evercreds.PEMFile("/etc/device/certificate.pem.crt"),
		Signer:      key,
	})
	if err != nil {
		log.Fatal(err)
	}
	defer session.Close()
	_ = session.Config(aws.Config{Region: "eu-west-1"}) // for any client of the SDK
}
