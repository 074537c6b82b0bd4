// Command rolesanywhere serves credentials as AWS's own helper of IAM Roles Anywhere does
// (aws_signing_helper serve), from a service in this process whose sets live for seconds.
// It prints where to ask, with which header, and where the service's calls are counted:
// ./task command:load asks it beside evercreds.
package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"flag"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	helper "github.com/aws/rolesanywhere-credential-helper/aws_signing_helper"
)

// service answers CreateSession, and fails as long as the last set has so much left.
type service struct {
	life, downFrom, downTo time.Duration

	mu           sync.Mutex
	calls, fails int
	last         time.Time // when the last set ends
}

func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.URL.Path == "/counts" {
		fmt.Fprintf(w, "%d calls of its service, of which %d failed", s.calls, s.fails)
		return
	}
	s.calls++
	w.Header().Set("Content-Type", "application/json")
	if left := time.Until(s.last); left > s.downTo && left < s.downFrom {
		s.fails++
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	s.last = time.Now().Add(s.life)
	set := map[string]string{
		"accessKeyId": fmt.Sprintf("ASIA%016d", s.calls), "secretAccessKey": strings.Repeat("s", 40),
		"sessionToken": strings.Repeat("t", 1000), "expiration": s.last.UTC().Format(time.RFC3339),
	}
	w.WriteHeader(http.StatusCreated)
	_ = json.NewEncoder(w).Encode(map[string]any{"credentialSet": []any{map[string]any{"credentials": set}}})
}

func main() {
	life := flag.Duration("life", 24*time.Second, "how long a set lives")
	flag.Parse()
	if err := serve(*life); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func serve(life time.Duration) error {
	dir, err := os.MkdirTemp("", "rolesanywhere-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := certificate(dir); err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	url := "http://" + listener.Addr().String()
	go func() { _ = http.Serve(listener, &service{life: life, downFrom: life / 2, downTo: life / 6}) }()
	// Its windows are of sets that live an hour; here they have the same share of a life.
	helper.RefreshTime = life / 12
	lines, writer := io.Pipe()
	log.SetOutput(writer)
	go helper.Serve(0, helper.CredentialsOpts{
		CertificateId: filepath.Join(dir, "cert.pem"), PrivateKeyId: filepath.Join(dir, "key.pem"),
		RoleArn:           "arn:aws:iam::123456789012:role/app",
		ProfileArnStr:     "arn:aws:rolesanywhere:us-east-1:123456789012:profile/a",
		TrustAnchorArnStr: "arn:aws:rolesanywhere:us-east-1:123456789012:trust-anchor/a",
		SessionDuration:   3600, Endpoint: url, ServerTTL: helper.DefaultHopLimit,
	})
	endpoint, err := started(lines)
	if err != nil {
		return err
	}
	token, err := session(endpoint)
	if err != nil {
		return err
	}
	fmt.Println(endpoint+helper.SECURITY_CREDENTIALS_RESOURCE_PATH+"app", helper.EC2_METADATA_TOKEN_HEADER, token, url+"/counts")
	_, _ = io.Copy(io.Discard, os.Stdin) // until whoever started it ends
	return nil
}

// started reads the helper's log until it says where it serves, and then on.
func started(lines io.Reader) (string, error) {
	var text strings.Builder
	for piece := make([]byte, 1024); ; {
		n, err := lines.Read(piece)
		if err != nil {
			return "", err
		}
		text.Write(piece[:n])
		if _, after, ok := strings.Cut(text.String(), "METADATA_SERVICE_ENDPOINT="); ok {
			go func() { _, _ = io.Copy(io.Discard, lines) }()
			return strings.TrimRight(strings.TrimSpace(after), "/"), nil
		}
	}
}

func session(endpoint string) (string, error) {
	request, err := http.NewRequest(http.MethodPut, endpoint+helper.TOKEN_RESOURCE_PATH, nil)
	if err != nil {
		return "", err
	}
	reply, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", err
	}
	defer reply.Body.Close()
	token, err := io.ReadAll(reply.Body)
	return string(token), err
}

// certificate writes a key and its certificate, which the service takes whatever it is.
func certificate(dir string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "bench"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(24 * time.Hour), KeyUsage: x509.KeyUsageDigitalSignature,
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	for name, block := range map[string]*pem.Block{
		"cert.pem": {Type: "CERTIFICATE", Bytes: cert}, "key.pem": {Type: "PRIVATE KEY", Bytes: private},
	} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600); err != nil {
			return err
		}
	}
	return nil
}
