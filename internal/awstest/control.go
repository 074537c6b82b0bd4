package awstest

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// The bodies of the control API are named after the parameters of the methods
// that they call.
type revokeOrder struct {
	AccessKeyID string `json:"access_key_id"`
}

type lifetimeOrder struct {
	Source     string `json:"source"` // role ARN or alias; "": all
	LifetimeMs int64  `json:"lifetime_ms"`
}

type clockOrder struct {
	OffsetMs int64 `json:"offset_ms"`
}

// controlRoutes is the control API: what the methods do, over HTTP and JSON,
// for programs in other languages. It is open to whoever reaches loopback.
func (s *Server) controlRoutes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /_control/counts", func(w http.ResponseWriter, _ *http.Request) { s.tell(w, s.Counts()) })
	mux.HandleFunc("GET /_control/faults", func(w http.ResponseWriter, _ *http.Request) { s.tell(w, s.Faults()) })
	mux.HandleFunc("DELETE /_control/faults", func(w http.ResponseWriter, _ *http.Request) {
		s.ClearFaults()
		s.tell(w, struct{}{})
	})
	mux.HandleFunc("POST /_control/reset", order(s, func(struct{}) error {
		s.Reset()
		return nil
	}))
	mux.HandleFunc("POST /_control/faults", order(s, s.Inject))
	mux.HandleFunc("POST /_control/revoke", order(s, func(o revokeOrder) error { return s.Revoke(o.AccessKeyID) }))
	mux.HandleFunc("POST /_control/lifetime", order(s, func(o lifetimeOrder) error {
		return s.SetLifetime(o.Source, milliseconds(o.LifetimeMs))
	}))
	mux.HandleFunc("POST /_control/clock", order(s, func(o clockOrder) error {
		return s.SetClockOffset(milliseconds(o.OffsetMs))
	}))
	return mux
}

// milliseconds keeps what a client sends from overflowing a Duration; the bounds
// that count are checked behind it.
func milliseconds(ms int64) time.Duration {
	const most = int64(1<<63-1) / int64(time.Millisecond)
	return time.Duration(min(max(ms, -most), most)) * time.Millisecond
}

// order makes a handler that reads one JSON object and carries it out. An empty
// body is an empty object.
func order[T any](s *Server, carryOut func(T) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		if err == nil {
			var value T
			if err = decodeStrict(body, &value); err == nil {
				err = carryOut(value)
			}
		}
		if err != nil {
			s.complain(w, err)
			return
		}
		s.tell(w, struct{}{})
	}
}

// decodeStrict reads one JSON object and refuses, by name, fields that it does
// not have.
func decodeStrict(body []byte, into any) error {
	if len(strings.TrimSpace(string(body))) == 0 {
		body = []byte("{}")
	}
	decoder := json.NewDecoder(strings.NewReader(string(body)))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return fmt.Errorf("awstest: expected one JSON object: %s", strings.TrimPrefix(err.Error(), "json: "))
	}
	if decoder.Decode(new(any)) != io.EOF {
		return errors.New("awstest: expected one JSON object, and nothing behind it")
	}
	return nil
}

// ParseFault reads a Fault from its JSON. It fails, naming the field, for one
// that is unknown, of the wrong type, or of no use.
func ParseFault(text string) (Fault, error) {
	var f Fault
	if err := decodeStrict([]byte(text), &f); err != nil {
		return Fault{}, err
	}
	if err := f.check(); err != nil {
		return Fault{}, fmt.Errorf("awstest: fault: %w", err)
	}
	return f, nil
}

func (s *Server) tell(w http.ResponseWriter, value any) {
	s.writeControl(w, http.StatusOK, value)
}

func (s *Server) complain(w http.ResponseWriter, err error) {
	s.writeControl(w, http.StatusBadRequest, map[string]string{"error": err.Error()})
}

func (s *Server) writeControl(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Date", s.Now().UTC().Format(http.TimeFormat))
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(value) // the client may have left
}
