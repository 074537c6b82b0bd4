package command

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/evercreds/evercreds/cmd/evercreds/internal/problem"
)

// socketOf is the control socket that is meant.
func socketOf(given string) (string, error) {
	path := given
	if path == "" {
		dir, err := place()
		if err != nil {
			return "", err
		}
		path = filepath.Join(dir, "control.sock")
	}
	// The system says no more than that the argument is invalid.
	if most := len(syscall.RawSockaddrUnix{}.Path) - 1; len(path) > most {
		return "", problem.Config.New("--control: a socket's path may have %d bytes here, and %s has %d: give a shorter one", most, path, len(path))
	}
	return path, nil
}

// listenControl opens the control socket. One that nobody answers at is a dead server's.
func listenControl(path string) (net.Listener, error) {
	if err := makePrivate(filepath.Dir(path)); err != nil {
		return nil, err
	}
	if conn, err := net.DialTimeout("unix", path, time.Second); err == nil {
		_ = conn.Close()
		return nil, problem.Listen.New("another evercreds serve has the control socket %s", path)
	}
	if info, err := os.Lstat(path); err == nil && info.Mode()&os.ModeSocket != 0 {
		_ = os.Remove(path)
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, problem.Listen.Of(err)
	}
	_ = os.Chmod(path, 0o600)
	return l, nil
}

// request is what a control command asks.
type request struct {
	Role string `json:"role,omitempty"`
	Code string `json:"code,omitempty"`
}

// failure is how a control command's error comes back.
type failure struct {
	Word string `json:"word"`
	Text string `json:"text"`
}

// call asks the server of this machine.
func call(ctx context.Context, socket, what string, ask request, answer any) error {
	path, err := socketOf(socket)
	if err != nil {
		return err
	}
	client := &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", path)
		},
		DisableKeepAlives: true,
	}}
	body, err := json.Marshal(ask)
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://control/"+what, bytes.NewReader(body))
	if err != nil {
		return err
	}
	reply, err := client.Do(r)
	if err != nil {
		return problem.NoServer.New("nobody answers at %s: %v", path, errors.Unwrap(err))
	}
	defer reply.Body.Close()
	text, err := io.ReadAll(io.LimitReader(reply.Body, 1<<20))
	if err != nil {
		return problem.NoServer.Of(err)
	}
	if reply.StatusCode != http.StatusOK {
		var f failure
		if json.Unmarshal(text, &f) == nil {
			for _, kind := range problem.Table {
				if kind.Word == f.Word {
					return kind.New("%s", f.Text)
				}
			}
		}
		return problem.Other.New("the server answered %s", reply.Status)
	}
	if answer == nil {
		return nil
	}
	return json.Unmarshal(text, answer)
}

// control answers control commands. Who may open the socket may use them.
func (d *desk) control(reload func() error) http.Handler {
	mux := http.NewServeMux()
	answer := func(what string, f func(ctx context.Context, ask request) (any, error)) {
		mux.HandleFunc("POST /"+what, func(w http.ResponseWriter, r *http.Request) {
			var ask request
			err := json.NewDecoder(io.LimitReader(r.Body, 64<<10)).Decode(&ask)
			var result any
			if err == nil {
				result, err = f(r.Context(), ask)
			}
			if err != nil {
				sorted := problem.Sort(err)
				w.WriteHeader(http.StatusConflict)
				result = failure{sorted.Kind.Word, sorted.Text}
			}
			_ = json.NewEncoder(w).Encode(result)
		})
	}
	answer("status", func(context.Context, request) (any, error) { return d.statuses(), nil })
	answer("reload", func(context.Context, request) (any, error) { return struct{}{}, reload() })
	answer("mfa", func(ctx context.Context, ask request) (any, error) {
		s := d.find(ask.Role)
		if s == nil {
			return nil, problem.Usage.New("there is no role %q here", ask.Role)
		}
		if !s.opened.Attended {
			return nil, problem.Usage.New("role %s needs no one-time code", ask.Role)
		}
		s.codes.put(ask.Code)
		defer s.codes.put("") // a code that was not used is not kept
		_, err := s.opened.Session.Refresh(ctx)
		if err != nil {
			return nil, err
		}
		return report(s), nil
	})
	answer("refresh", func(ctx context.Context, ask request) (any, error) {
		s := d.find(ask.Role)
		if s == nil {
			return nil, problem.Usage.New("there is no role %q here", ask.Role)
		}
		if _, err := s.opened.Session.Refresh(ctx); err != nil {
			return nil, err
		}
		return report(s), nil
	})
	return mux
}

func (d *desk) statuses() []roleStatus {
	all := []roleStatus{}
	for _, s := range d.list() {
		all = append(all, report(s))
	}
	return all
}
