package main

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
)

// The format of AWS's refresh scenarios. Whatever is not known here is an error:
// a scenario that is half understood proves nothing.

type suiteScenario struct {
	Documentation string      `json:"documentation"`
	Given         suiteGiven  `json:"given"`
	Steps         []suiteStep `json:"steps"`
}

type suiteGiven struct {
	CachedCredentials string   `json:"cachedCredentials"`
	AccessKeyID       string   `json:"accessKeyId"`
	AdvisoryWindow    *float64 `json:"configuredAdvisoryWindowSeconds"`
	RefreshBackoff    *float64 `json:"refreshBackoffSeconds"`
}

type suiteStep struct {
	Documentation string         `json:"documentation"`
	Type          string         `json:"type"`
	Response      string         `json:"response"`        // getCredentials
	Lifetime      *float64       `json:"lifetimeSeconds"` // getCredentials
	Expected      *suiteExpected `json:"expected"`        // getCredentials
	Seconds       *float64       `json:"seconds"`         // advanceTime
	RejectedKeyID string         `json:"rejectedAccessKeyId"`
}

type suiteExpected struct {
	Result          *string  `json:"result"`
	SourceContacted *bool    `json:"sourceContacted"`
	RateLimited     *bool    `json:"rateLimited"`
	AdvisoryWindow  *float64 `json:"advisoryWindowSeconds"`
}

var (
	suiteStates    = []string{"none", "valid", "advisory", "mandatory", "expired"}
	suiteResponses = []string{"", "freshCredentials", "staleCredentials", "error", "nonRecoverableError"}
	suiteResults   = []string{"cachedCredentials", "newCredentials", "noCredentialsError", "nonRecoverableError"}
)

// loadSuite reads a suite, and refuses one that says things unknown here.
func loadSuite(file string) ([]suiteScenario, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	d := json.NewDecoder(f)
	d.DisallowUnknownFields()
	var scenarios []suiteScenario
	if err := d.Decode(&scenarios); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if len(scenarios) == 0 {
		return nil, fmt.Errorf("%s: no scenarios", file)
	}
	for i := range scenarios {
		if err := scenarios[i].check(); err != nil {
			return nil, fmt.Errorf("%s: scenario %d: %w", file, i+1, err)
		}
	}
	return scenarios, nil
}

func (s *suiteScenario) check() error {
	if !slices.Contains(suiteStates, s.Given.CachedCredentials) {
		return fmt.Errorf("cachedCredentials %q is not known", s.Given.CachedCredentials)
	}
	for i := range s.Steps {
		if err := s.Steps[i].check(); err != nil {
			return fmt.Errorf("step %d: %w", i+1, err)
		}
	}
	return nil
}

func (s *suiteStep) check() error {
	get := s.Response != "" || s.Lifetime != nil || s.Expected != nil
	switch {
	case s.Type == "advanceTime" && s.Seconds != nil && !get && s.RejectedKeyID == "":
		return nil
	case s.Type == "invalidate" && s.RejectedKeyID != "" && !get && s.Seconds == nil:
		return nil
	case s.Type == "getCredentials" && s.Expected != nil && s.Seconds == nil && s.RejectedKeyID == "":
		return s.checkGet()
	}
	return fmt.Errorf("type %q with these fields is not known", s.Type)
}

func (s *suiteStep) checkGet() error {
	e := s.Expected
	switch {
	case !slices.Contains(suiteResponses, s.Response):
		return fmt.Errorf("response %q is not known", s.Response)
	case s.Lifetime != nil && s.Response != "freshCredentials":
		return fmt.Errorf("lifetimeSeconds with response %q is not known", s.Response)
	case e.Result == nil || !slices.Contains(suiteResults, *e.Result):
		return fmt.Errorf("expected.result must be one of %v", suiteResults)
	case e.SourceContacted == nil || e.RateLimited == nil:
		return fmt.Errorf("expected must have sourceContacted and rateLimited")
	}
	return nil
}
