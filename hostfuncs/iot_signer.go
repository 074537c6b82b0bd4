package hostfuncs

import (
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
)

func signedBy(signer crypto.Signer, certificate []byte) (tls.Certificate, error) {
	chain := tls.Certificate{PrivateKey: guarded{signer}}
	for block, rest := pem.Decode(certificate); block != nil; block, rest = pem.Decode(rest) {
		if block.Type == "CERTIFICATE" {
			chain.Certificate = append(chain.Certificate, block.Bytes)
		}
	}
	if len(chain.Certificate) == 0 {
		return tls.Certificate{}, &ParameterError{"Certificate", "must be a PEM certificate"}
	}
	leaf, err := x509.ParseCertificate(chain.Certificate[0])
	if err != nil {
		return tls.Certificate{}, &ParameterError{"Certificate", "must be a PEM certificate"}
	}
	chain.Leaf = leaf
	public, ok := leaf.PublicKey.(interface{ Equal(crypto.PublicKey) bool })
	if !ok || !public.Equal(guarded{signer}.Public()) {
		return tls.Certificate{}, &ParameterError{"Signer", "must have the key of Certificate"}
	}
	return chain, nil
}

// guarded keeps a panic of a signer's, which may be anybody's code, from ending
// the process: the transport's handshakes have goroutines of their own.
type guarded struct{ signer crypto.Signer }

var errSigner = errors.New("the Signer panicked")

// Public is nil where the signer panics, which is the key of no certificate.
func (g guarded) Public() (key crypto.PublicKey) {
	defer func() {
		if recover() != nil {
			key = nil
		}
	}()
	return g.signer.Public()
}

func (g guarded) Sign(rand io.Reader, digest []byte, opts crypto.SignerOpts) (signature []byte, err error) {
	defer func() {
		if recover() != nil {
			signature, err = nil, errSigner
		}
	}()
	return g.signer.Sign(rand, digest, opts)
}
