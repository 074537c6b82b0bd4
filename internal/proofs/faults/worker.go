//go:build go1.25

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/evercreds/evercreds"
)

// assignmentEnv is where a worker finds its assignment.
const assignmentEnv = "EVERCREDS_FAULTS"

// assignment is what a worker is told, as JSON in the environment.
type assignment struct {
	Endpoint  string    `json:"endpoint"`
	Region    string    `json:"region"`
	LengthMs  int64     `json:"length_ms"` // of a session, from its first good call on
	Advisory  int       `json:"advisory_s"`
	Mandatory int       `json:"mandatory_s"`
	Timeout   int       `json:"timeout_s"`
	Cells     []session `json:"cells"`
}

type session struct {
	Cell     int    `json:"cell"` // what its calls are reported as
	Role     string `json:"role"`
	Policy   string `json:"policy"`
	Deferred bool   `json:"deferred"`
}

// call is one line of a worker: a signed call, or what kept it from being made.
type call struct {
	Cell  int    `json:"cell"`
	AtMs  int64  `json:"at_ms"` // when it began, in ms since 1970
	EndMs int64  `json:"end_ms"`
	OK    bool   `json:"ok"`
	Error string `json:"error"`
}

// runWorker is the whole Go worker: a session and a caller for each cell.
func runWorker() error {
	var job assignment
	if err := json.Unmarshal([]byte(os.Getenv(assignmentEnv)), &job); err != nil {
		return fmt.Errorf("%s: %w", assignmentEnv, err)
	}
	key, secret := os.Getenv("AWS_ACCESS_KEY_ID"), os.Getenv("AWS_SECRET_ACCESS_KEY")
	base := aws.Config{Region: job.Region, BaseEndpoint: &job.Endpoint,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: key, SecretAccessKey: secret}, nil
		})}
	lines := json.NewEncoder(os.Stdout)
	var lock sync.Mutex
	var all sync.WaitGroup
	for _, c := range job.Cells {
		s, err := open(base, job, c)
		if err != nil {
			return err
		}
		defer s.Close()
		client := sts.NewFromConfig(s.Config(base), func(o *sts.Options) { o.RetryMaxAttempts = 1 })
		all.Go(func() {
			for ends := time.Now().Add(time.Duration(job.LengthMs) * time.Millisecond); time.Now().Before(ends); {
				line := call{Cell: c.Cell, AtMs: time.Now().UnixMilli()}
				_, err := client.GetCallerIdentity(context.Background(), nil)
				if line.OK = err == nil; !line.OK {
					line.Error = err.Error()
				}
				line.EndMs = time.Now().UnixMilli()
				lock.Lock()
				_ = lines.Encode(line) // a reader that has gone ends the process
				lock.Unlock()
				time.Sleep(time.Second)
			}
		})
	}
	all.Wait()
	return nil
}

func open(base aws.Config, job assignment, c session) (*evercreds.Session, error) {
	policy := map[string]evercreds.Policy{"classic": evercreds.Classic, "adaptive": evercreds.Adaptive, "aws2026": evercreds.AWS2026}
	return evercreds.NewSTS(base,
		evercreds.AssumeRole{RoleARN: c.Role, RoleSessionName: "faults-go", Duration: 15 * time.Minute},
		evercreds.WithPolicy(policy[c.Policy]),
		evercreds.WithDeferRefresh(c.Deferred),
		evercreds.WithAdvisoryTimeout(time.Duration(job.Advisory)*time.Second),
		evercreds.WithMandatoryTimeout(time.Duration(job.Mandatory)*time.Second),
		evercreds.WithRefreshTimeout(time.Duration(job.Timeout)*time.Second),
		evercreds.WithMaxWait(0)) // each call shows what becomes of the attempt that it meets
}
