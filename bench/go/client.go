package main

import (
	"errors"
	"sync"

	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/evercreds/evercreds"
)

// client is what a client of a session costs that is there already.
func client() error {
	session, err := newSession()
	if err != nil {
		return err
	}
	defer session.Close()
	elsewhere := func(o *sts.Options) { o.Region = "eu-west-1" }
	options := sts.New(sts.Options{Region: "us-east-1"}).Options()
	kept, few := fewer(200_000, 100), fewer(20_000, 20)
	if err := interleave("go-client", "ns", fewer(21, 2), []contender{
		perCall("evercreds.Client", kept, keptBy(session)),
		perCall("floor: a map by the same key", kept, mapped()),
	}); err != nil {
		return err
	}
	return interleave("go-client-option", "ns", fewer(21, 2), []contender{
		perCall("evercreds.Client with an option", few, keptBy(session, elsewhere)),
		perCall("floor: a map by the same key", few, mapped()),
		perCall("floor: copy the options, and call the option", few, func() error {
			copied := options.Copy()
			sink = &copied
			elsewhere(sink)
			return nil
		}),
		perCall("sts.NewFromConfig", few, func() error { sts.NewFromConfig(cfg, elsewhere); return nil }),
	})
}

// sink keeps the copy on the heap, where one that an option may keep must be.
var sink *sts.Options

func keptBy(s *evercreds.Session, opts ...func(*sts.Options)) func() error {
	return func() error {
		_, err := evercreds.Client(s, sts.NewFromConfig, opts...)
		return err
	}
}

// mapped is what a program does that keeps its one client by a key of its own.
func mapped() func() error {
	var lock sync.RWMutex
	clients := map[[32]byte]any{{1}: sts.New(sts.Options{})}
	for n := range byte(9) {
		clients[[32]byte{n + 2}] = nil
	}
	return func() error {
		lock.RLock()
		defer lock.RUnlock()
		if client, _ := clients[[32]byte{1}].(*sts.Client); client == nil {
			return errors.New("no client")
		}
		return nil
	}
}
