// Package refreshed is what the programs share: they call until the gate has seen three
// sets of credentials.
package refreshed

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"os"
	"time"
)

// RoleARN is the role of the program that runs.
var RoleARN = os.Getenv("ROLE_ARN")

// Signed is what the gate saw: how many sets have signed good calls, and how many calls.
type Signed struct{ Sets, Calls, Refused int }

// Ask asks the gate.
func Ask() (seen Signed, err error) {
	reply, err := http.Get(os.Getenv("SIGNED"))
	if err != nil {
		return seen, err
	}
	defer func() { _ = reply.Body.Close() }()
	return seen, json.NewDecoder(reply.Body).Decode(&seen)
}

// Until calls until the calls were signed with three sets, and ends the program if one
// fails.
func Until(call func(context.Context) error) {
	ctx, cancel := context.WithTimeout(context.Background(), 90*time.Second)
	defer cancel()
	for {
		seen, err := Ask()
		if err == nil && seen.Sets >= 3 {
			return
		}
		if err == nil {
			err = call(ctx)
		}
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			log.Fatal(fmt.Errorf("after %+v: %w", seen, err))
		}
		time.Sleep(300 * time.Millisecond)
	}
}

// Must ends the program if there was an error.
func Must[T any](value T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return value
}
