package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/evercreds/evercreds/users/refreshed"
)

// In the lane the program runs itself as a function, and is its service: the runtime's
// API (https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html).
func init() {
	if os.Getenv("AWS_LAMBDA_RUNTIME_API") != "" {
		return
	}
	asked, answers := make(chan chan struct{}), make(chan error)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /2018-06-01/runtime/invocation/next", func(w http.ResponseWriter, r *http.Request) {
		turn := make(chan struct{})
		select {
		case asked <- turn:
			<-turn
		case <-r.Context().Done():
			return
		}
		w.Header().Set("Lambda-Runtime-Aws-Request-Id", fmt.Sprint(time.Now().UnixNano()))
		w.Header().Set("Lambda-Runtime-Deadline-Ms", fmt.Sprint(time.Now().Add(30*time.Second).UnixMilli()))
		_, _ = io.WriteString(w, "{}")
	})
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/{kind}", func(w http.ResponseWriter, r *http.Request) {
		said, err := io.ReadAll(r.Body)
		if err == nil && r.PathValue("kind") != "response" || !strings.Contains(string(said), "stand-in-first") {
			err = fmt.Errorf("%s: %s", r.PathValue("kind"), said)
		}
		w.WriteHeader(http.StatusAccepted)
		answers <- err
	})
	listener := refreshed.Must(net.Listen("tcp", "127.0.0.1:0"))
	go func() { log.Fatal(http.Serve(listener, mux)) }()

	function := exec.Command(refreshed.Must(os.Executable()))
	function.Env = append(os.Environ(), "AWS_LAMBDA_RUNTIME_API="+listener.Addr().String(), "AWS_LAMBDA_FUNCTION_NAME=users")
	function.Stderr = os.Stderr
	if err := function.Start(); err != nil {
		log.Fatal(err)
	}
	refreshed.Until(func(context.Context) error {
		close(<-asked)
		return <-answers
	})
	_ = function.Process.Kill()
	_ = function.Wait()
	os.Exit(0)
}
