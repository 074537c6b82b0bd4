package evercreds_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/evercreds/evercreds"
)

// vaultSource is a source of the user's own: a type with Method and Fetch.
type vaultSource struct{ sealed bool }

func (*vaultSource) Method() evercreds.Method { return evercreds.MethodRegistered }

func (v *vaultSource) Fetch(ctx context.Context, f *evercreds.Flight) (evercreds.Result, error) {
	if v.sealed {
		return evercreds.Result{}, &evercreds.SourceError{Class: evercreds.Permanent, Message: "the vault is sealed"}
	}
	fmt.Println("fetch:", f.Cause)
	return evercreds.Result{Credentials: evercreds.Credentials{
		AccessKeyID:     "AKIAIOSFODNN7EXAMPLE",
		SecretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
		SessionToken:    "token",
		Expires:         time.Now().Add(time.Hour),
	}}, nil
}

// A source of a type of one's own learns why it is called, and says in its errors
// whether trying again can help.
func ExampleNew() {
	source := &vaultSource{}
	session, err := evercreds.New(source)
	if err != nil {
		log.Fatal(err)
	}
	defer session.Close()
	creds, err := session.Retrieve(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(creds.AccessKeyID)

	source.sealed = true
	_, err = session.Refresh(context.Background())
	fmt.Println(err)
	// Output:
	// fetch: first
	// AKIAIOSFODNN7EXAMPLE
	// evercreds: the source of the credentials failed (calling evercreds_test.vaultSource): source: the vault is sealed
}
