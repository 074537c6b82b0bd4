//go:build go1.25

package evercreds_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/evercreds/evercreds"
)

// The log says why a refresh failed, even if the source says nothing about it.
func TestLogTellsWhy(t *testing.T) {
	for want, fetch := range map[string]func(v *vault) (evercreds.Result, error){
		"vault is sealed":       func(*vault) (evercreds.Result, error) { return evercreds.Result{}, errors.New("vault is sealed") },
		"had already expired":   func(v *vault) (evercreds.Result, error) { return v.set(1, time.Now().Add(-2*time.Hour)), nil },
		"did not answer within": func(*vault) (evercreds.Result, error) { time.Sleep(time.Hour); return evercreds.Result{}, nil },
		"SecretAccessKey must be 1 to": func(v *vault) (evercreds.Result, error) {
			r := v.set(1, time.Now())
			r.SecretAccessKey = ""
			return r, nil
		},
		"calling evercreds_test.vault): it panicked": func(*vault) (evercreds.Result, error) { panic("") },
	} {
		synctest.Test(t, func(t *testing.T) {
			var log buffer
			v := &vault{}
			v.fetch = func(context.Context, *evercreds.Flight) (evercreds.Result, error) { return fetch(v) }
			s := open(t, v, evercreds.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
			if _, err := s.Retrieve(t.Context()); err == nil {
				t.Error("no error")
			}
			s.Close()
			time.Sleep(time.Hour)
			if text := log.String(); !strings.Contains(text, "a refresh failed") || !strings.Contains(text, want) {
				t.Errorf("want %q in:\n%s", want, text)
			}
		})
	}
}
