//go:build go1.25

package sources_test

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/evercreds/evercreds/internal/awstest"
	"github.com/evercreds/evercreds/internal/sources"
)

// caller A refreshes, again and again, while certificate and key are replaced all the
// time: no refresh fails. ./task devices has more of them.
func TestRefreshesWhileFilesAreReplaced(t *testing.T) {
	refreshes := 100
	if text := os.Getenv("EVERCREDS_REFRESHES"); text != "" {
		refreshes, _ = strconv.Atoi(text)
	}
	standIn := startStandIn(t, awstest.Config{})
	cert, key := filepath.Join(t.TempDir(), "cert.pem"), filepath.Join(t.TempDir(), "key.pem")
	put := func(path string, text []byte) {
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Error(err)
		}
	}
	put(cert, standIn.ClientEC.CertPEM)
	put(key, standIn.ClientEC.KeyPEM)
	p := iotParams(standIn)
	p.Certificate, p.PrivateKey, p.Timeout = sources.PEMFile(cert), sources.PEMFile(key), time.Minute
	source := newIoT(t, p)
	var rotation sync.WaitGroup
	end := make(chan struct{})
	rotation.Go(func() {
		for i := 0; ; i++ {
			c := []awstest.ClientCert{standIn.ClientRSA, standIn.ClientEC}[i%2]
			pause := 3 * time.Millisecond // for a moment they do not match; mostly they do
			for path, text := range map[string][]byte{cert: c.CertPEM, key: c.KeyPEM} {
				put(path, text)
				select {
				case <-end:
					return
				case <-time.After(rand.N(pause)):
				}
				pause = 15 * time.Millisecond
			}
		}
	})
	failed := 0
	for range refreshes {
		if _, err := source.Fetch(t.Context(), flight); err != nil {
			failed++
			t.Log(err)
		}
	}
	close(end)
	rotation.Wait()
	if failed > 0 || refreshes == 0 {
		t.Errorf("%d of %d refreshes failed", failed, refreshes)
	}
}
