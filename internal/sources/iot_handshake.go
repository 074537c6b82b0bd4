package sources

import (
	"bytes"
	"context"
	"crypto"
	"errors"
	"io"
	"sync/atomic"

	"github.com/evercreds/evercreds/core"
)

// attempt is one call of the credentials provider. A handshake finds it in its
// context, and tells it why there is no signature: crypto/tls and net/http pass
// on but a text, or a time-out's.
type attempt struct {
	ctx    context.Context
	signer atomic.Pointer[error] // what it would be blamed for now
}

type attemptKey struct{}

// newAttempt gives the attempt and the context to make it with.
func newAttempt(ctx context.Context) (*attempt, context.Context) {
	a := &attempt{ctx: ctx}
	return a, context.WithValue(ctx, attemptKey{}, a)
}

// within gives the signer for one handshake.
func (g *guard) within(handshake context.Context) crypto.Signer {
	a, ok := handshake.Value(attemptKey{}).(*attempt)
	if !ok {
		a = &attempt{ctx: handshake}
	}
	if m, ok := g.signer.(signsMessages); ok {
		return messageSigner{handshakeSigner{g, a}, m}
	}
	return handshakeSigner{g, a}
}

// handshakeSigner is the signer within one handshake.
type handshakeSigner struct {
	*guard
	attempt *attempt
}

func (s handshakeSigner) Public() crypto.PublicKey { return s.public }

func (s handshakeSigner) Sign(rand io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	digest = bytes.Clone(digest) // who hangs may read it long after
	return s.sign(func() ([]byte, error) { return s.signer.Sign(rand, digest, opts) })
}

func (s handshakeSigner) sign(sign func() ([]byte, error)) ([]byte, error) {
	s.attempt.signer.Store(&errSignerBusy)
	b, err := s.call(s.attempt.ctx, func() ([]byte, error) {
		s.attempt.signer.Store(&errSignerSilent)
		return sign()
	})
	if err == nil {
		s.attempt.signer.Store(nil)
		return b, nil
	}
	s.attempt.signer.Store(&err)
	return nil, err
}

// signsMessages is crypto.MessageSigner, a name that Go has from 1.25 on.
type signsMessages interface {
	crypto.Signer
	SignMessage(rand io.Reader, message []byte, opts crypto.SignerOpts) ([]byte, error)
}

// messageSigner is for signers that want the message, and not its digest.
type messageSigner struct {
	handshakeSigner
	message signsMessages
}

func (s messageSigner) SignMessage(rand io.Reader, message []byte, opts crypto.SignerOpts) ([]byte, error) {
	message = bytes.Clone(message)
	return s.sign(func() ([]byte, error) { return s.message.SignMessage(rand, message, opts) })
}

// failure makes the error of an attempt that has no reply. Where it is the Signer's,
// and an Error, what that says of class and pause holds.
func (a *attempt) failure(err error) error {
	why := a.signer.Load()
	if why == nil {
		return refused(core.MethodIoT, "", "no reply from the endpoint: "+NoConnection(err), err)
	}
	e := refused(core.MethodIoT, "", "Signer: "+secrets{}.clean((*why).Error()), *why)
	if own := (*Error)(nil); errors.As(*why, &own) && own.Class != core.ClassNone {
		e.Class, e.RetryAfter = own.Class, own.RetryAfter
	}
	return e
}
