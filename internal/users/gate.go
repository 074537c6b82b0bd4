package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"

	"github.com/evercreds/evercreds/internal/awstest"
)

// signed is what a program's calls were signed with.
type signed struct {
	Sets    int `json:"sets"`    // different sets of a role that signed good calls
	Calls   int `json:"calls"`   // good calls with them
	Refused int `json:"refused"` // calls whose signature, token or expiry was wrong
	last    string
}

// gate is the only AWS that one program reaches, on a port of its own. It has the
// stand-in verify each call; STS is the stand-in, and what is behind the gate serves the
// other services.
type gate struct {
	url     string
	server  *http.Server
	standIn *awstest.Server
	sts     http.Handler
	behind  http.Handler
	mu      sync.Mutex
	sets    map[string]bool
	signed  signed
}

func openGate(standIn *awstest.Server, behind string) (*gate, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	g := &gate{
		url: "http://" + listener.Addr().String(), standIn: standIn, sets: map[string]bool{},
		sts: pass(standIn.URL), behind: pass(behind),
	}
	mux := http.NewServeMux()
	mux.Handle("/_control/", g.sts)
	mux.HandleFunc("/_signed", g.serveSigned)
	mux.HandleFunc("/", g.serve)
	g.server = &http.Server{Handler: mux}
	go func() { _ = g.server.Serve(listener) }()
	return g, nil
}

func (g *gate) close() { _ = g.server.Close() }

// pass gives calls on as they came: their signatures are for the host they name.
func pass(to string) http.Handler {
	target, err := url.Parse(to)
	if err != nil {
		panic(err) // the address of a server of ours
	}
	return &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		r.Out.Host = r.In.Host
	}}
}

func (g *gate) serveSigned(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(g.so()) // the client may have left
}

func (g *gate) so() signed {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.signed
}

func (g *gate) serve(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 64<<20))
	if err != nil {
		http.Error(w, "the body ended early", http.StatusBadRequest)
		return
	}
	by, err := g.standIn.Verify(r, body)
	g.count(by, err)
	r.Body, r.ContentLength, r.TransferEncoding = io.NopCloser(bytes.NewReader(body)), int64(len(body)), nil
	switch {
	case strings.Contains(r.Header.Get("Authorization"), "/sts/aws4_request"):
		g.sts.ServeHTTP(w, r) // which words its own errors
	case err != nil:
		refuse(w, r, err)
	case by.Service == "es": // of OpenSearch moto has the control plane alone
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"result":"well","hits":{"hits":[]}}`)
	default:
		g.behind.ServeHTTP(w, r)
	}
}

func (g *gate) count(by awstest.Signer, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case err != nil:
		g.signed.Refused++
		g.signed.last = err.Error()
	case by.Source != "":
		g.sets[by.AccessKeyID] = true
		g.signed.Calls++
		g.signed.Sets = len(g.sets)
	}
}

// refuse words an error as S3 does, or as services of JSON do.
func refuse(w http.ResponseWriter, r *http.Request, err error) {
	code, message, _ := strings.Cut(err.Error(), ": ")
	if strings.Contains(r.Header.Get("Content-Type"), "json") {
		w.Header().Set("Content-Type", "application/x-amz-json-1.0")
		w.WriteHeader(http.StatusBadRequest)
		_ = json.NewEncoder(w).Encode(map[string]string{"__type": code + "Exception", "message": message})
		return
	}
	w.Header().Set("Content-Type", "application/xml")
	status := http.StatusForbidden
	if code == "ExpiredToken" || code == "InvalidToken" {
		status = http.StatusBadRequest
	}
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, "<Error><Code>%s</Code><Message>%s</Message></Error>", code, message)
}
