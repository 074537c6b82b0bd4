package sources

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"sync"
	"time"
)

// publicKey is implemented by all public keys of the standard library.
type publicKey interface{ Equal(crypto.PublicKey) bool }

// A Signer is code of the user's that runs within a handshake, in a goroutine of
// net/http's: a panic there would end the program, and a call that hangs would
// hold one more goroutine for each attempt. So it is called in goroutines of
// ours, which are waited for no longer than the handshake is of use.
type guard struct {
	signer crypto.Signer
	public crypto.PublicKey
	places chan struct{} // taken by the calls under way
}

const (
	// signersAtOnce is the number of attempts that a session has at once: one that was
	// given up, and the next one.
	signersAtOnce = 2
	// signerLost is when a call that has not returned stops keeping others out,
	// as an attempt that was given up does.
	signerLost = 15 * time.Minute
	// publicKeyTimeout is for what most signers have at hand.
	publicKeyTimeout = 10 * time.Second
)

var (
	errSignerSilent = errors.New("it did not answer in time")
	errSignerBusy   = errors.New("earlier calls have not returned")
	errSignerDied   = errors.New("it ended without an answer")
)

// newGuard asks the signer for its public key.
func newGuard(signer crypto.Signer) (*guard, error) {
	g := &guard{signer: signer, places: make(chan struct{}, signersAtOnce)}
	ctx, cancel := context.WithTimeout(context.Background(), publicKeyTimeout)
	defer cancel()
	answer := make(chan crypto.PublicKey, 1)
	if _, err := g.call(ctx, func() ([]byte, error) { answer <- signer.Public(); return nil, nil }); err != nil {
		return nil, &ParameterError{"Signer", "must tell its public key: " + err.Error()}
	}
	g.public = <-answer
	return g, nil
}

// signature is the outcome of a call of the signer.
type signature struct {
	bytes []byte
	err   error
}

// call makes one call, and waits for it until ctx ends.
func (g *guard) call(ctx context.Context, sign func() ([]byte, error)) ([]byte, error) {
	select {
	case g.places <- struct{}{}:
	case <-ctx.Done():
		return nil, errSignerBusy
	}
	leave := sync.OnceFunc(func() { <-g.places })
	lost := time.AfterFunc(signerLost, leave)
	done := make(chan signature, 1)
	go func() {
		s := signature{err: errSignerDied}
		defer func() {
			if p := recover(); p != nil { // its value may hold anything
				s = signature{err: fmt.Errorf("it panicked with a %T", p)}
			}
			lost.Stop()
			leave()
			done <- s
		}()
		b, err := sign()
		if err != nil {
			_ = err.Error() // if it panics, then here, and not in a caller that reads it
			_ = errors.As(err, new(*Error))
		}
		s = signature{b, err}
	}()
	select {
	case s := <-done:
		return s.bytes, s.err
	case <-ctx.Done():
		return nil, errSignerSilent
	}
}
