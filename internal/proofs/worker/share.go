package main

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/redis/go-redis/v9"

	"github.com/evercreds/evercreds"
	"github.com/evercreds/evercreds/internal/proofs/workers"
	"github.com/evercreds/evercreds/share"
	"github.com/evercreds/evercreds/share/dynamoshare"
	"github.com/evercreds/evercreds/share/redisshare"
	"github.com/evercreds/evercreds/share/s3share"
)

// shared gives the options of a session that shares.
func shared(s workers.Share, base aws.Config) ([]evercreds.Option, error) {
	store, err := storeOf(s, base)
	opts := []evercreds.Option{evercreds.WithShare(store)}
	if len(s.Keys) > 0 {
		keys := make([][]byte, len(s.Keys))
		for i, key := range s.Keys {
			keys[i] = decoded(key)
		}
		opts = append(opts, evercreds.WithShareKey(keys...))
	}
	if s.NameKey != "" {
		opts = append(opts, evercreds.WithShareNameKey(decoded(s.NameKey)))
	}
	if s.Principal != "" {
		opts = append(opts, evercreds.WithSharePrincipal(s.Principal))
	}
	if s.ID != "" {
		opts = append(opts, evercreds.WithShareID(s.ID))
	}
	if s.Turn > 0 {
		opts = append(opts, evercreds.WithShareTurn(time.Duration(s.Turn*float64(time.Second))))
	}
	if s.Wait > 0 {
		opts = append(opts, evercreds.WithShareWait(time.Duration(s.Wait*float64(time.Second))))
	}
	if s.CallMs > 0 {
		opts = append(opts, evercreds.WithShareCall(time.Duration(s.CallMs)*time.Millisecond))
	}
	return opts, err
}

func storeOf(s workers.Share, base aws.Config) (share.Store, error) {
	switch s.Store {
	case "file":
		return share.File(s.Where)
	case "redis":
		return redisshare.New(redis.NewClient(&redis.Options{Addr: s.Where})), nil
	case "s3":
		return s3share.New(s3.NewFromConfig(base, func(o *s3.Options) { o.BaseEndpoint, o.UsePathStyle = &s.Where, true }), "evercreds", ""), nil
	case "dynamodb":
		return dynamoshare.New(dynamodb.NewFromConfig(base, func(o *dynamodb.Options) { o.BaseEndpoint = &s.Where }), "evercreds"), nil
	}
	return nil, errors.New("no such store: " + s.Store)
}

func decoded(key string) []byte {
	b, _ := base64.StdEncoding.DecodeString(key) // the driver's own
	return b
}

// codeNow is the one-time code of this step; a step lasts 20 ms, where a device's lasts 30 s.
func codeNow(secret string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	_ = binary.Write(mac, binary.BigEndian, time.Now().UnixMilli()/20)
	return fmt.Sprintf("%06d", binary.BigEndian.Uint64(mac.Sum(nil))%1_000_000)
}

// teller tells what a session that shares tells.
type teller struct {
	w       *worker
	number  int
	session atomic.Pointer[evercreds.Session]
}

func (t *teller) tell(e evercreds.Event) {
	line := workers.Line{Session: t.number, Event: string(e.Kind), AtMs: time.Now().UnixMilli()}
	switch e.Kind {
	case evercreds.EventShare:
		line.Step = e.Share
	case evercreds.EventRefresh:
		line.ExpiryMs = e.Expiry.UnixMilli()
		if s := t.session.Load(); s != nil { // it is eager where there is none yet
			held, err := s.Retrieve(context.Background())
			if err != nil {
				return
			}
			line.Key = held.AccessKeyID
		}
	default:
		return
	}
	t.w.tell(line, nil)
}
