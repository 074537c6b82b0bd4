package main

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/evercreds/evercreds/internal/awstest"
	"github.com/evercreds/evercreds/internal/proofs/workers"
)

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
	forceEvery     = 8 * time.Second // on AWS, where credentials live too long for a refresh to come by itself
)

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
	for _, l := range workers.Languages {
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
	if _, err := os.Stat(filepath.Join(root, "internal", "proofs", "worker")); err != nil {
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

func (s *scene) close() {
	if s.standIn != nil {
		_ = s.standIn.Close() // nothing is left to be done about a listener
	}
}
