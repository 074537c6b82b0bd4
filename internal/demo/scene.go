package main

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/evercreds/evercreds/internal/awstest"
)

// languages are the workers of the demo, in the order of the view.
var languages = []string{"go", "python", "node"}

// The timing of the stand-in's credentials. The advisory window opens 18 s
// before the expiry; the outage meets the attempt made there, and is over when
// the hold-off after it ends. The mandatory window is never reached: that is
// what the advisory one is for.
const (
	lifetime       = 22 * time.Second
	advisorySecond = 18
	mandatorySec   = 2
	outageFrom     = 17 * time.Second // of life left
	outageTo       = 20 * time.Second
)

// assignment is what a worker is told, as JSON in the environment.
type assignment struct {
	RoleARN   string `json:"role_arn"`
	Region    string `json:"region"`
	Endpoint  string `json:"endpoint"` // empty: real AWS
	LengthMs  int64  `json:"length_ms"`
	Advisory  int    `json:"advisory_s"`
	Mandatory int    `json:"mandatory_s"`
	// ForceMs makes the worker ask for a refresh that often, where credentials
	// live too long for one to come by itself. 0: never.
	ForceMs int64 `json:"force_ms"`
}

// scene is what the workers talk to: the stand-in with its outage, or AWS.
type scene struct {
	params
	standIn *awstest.Server // nil: real AWS
	root    string          // of the project
}

func newScene(p params) (*scene, error) {
	root, err := projectRoot()
	if err != nil {
		return nil, err
	}
	s := &scene{params: p, root: root}
	if p.roleARN != "" {
		return s, nil
	}
	if s.standIn, err = awstest.Start(awstest.Config{Lifetime: lifetime, Region: p.region}); err != nil {
		return nil, err
	}
	for _, l := range languages {
		fault := awstest.Fault{
			Kind: awstest.KindHTTP, Role: s.role(l), Status: 503,
			RemainingMinMs: outageFrom.Milliseconds(), RemainingMaxMs: outageTo.Milliseconds(),
		}
		if err := s.standIn.Inject(fault); err != nil {
			s.close()
			return nil, err
		}
	}
	return s, nil
}

// projectRoot is above the executable, which is built into build/.
func projectRoot() (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	root := filepath.Dir(filepath.Dir(self))
	if _, err := os.Stat(filepath.Join(root, "internal", "demo", "worker.py")); err != nil {
		return "", fmt.Errorf("run it by ./task demo: %w", err)
	}
	return root, nil
}

func (s *scene) role(language string) string {
	if s.standIn == nil {
		return s.roleARN
	}
	return "arn:aws:iam::123456789012:role/demo-" + language
}

func (s *scene) assign(language string) assignment {
	a := assignment{
		RoleARN: s.role(language), Region: s.region, LengthMs: s.length.Milliseconds(),
		Advisory: advisorySecond, Mandatory: mandatorySec,
	}
	if s.standIn != nil {
		a.Endpoint = s.standIn.URL
		return a
	}
	a.ForceMs = 8000
	return a
}

func (s *scene) close() {
	if s.standIn != nil {
		_ = s.standIn.Close() // nothing is left to be done about a listener
	}
}
