module github.com/evercreds/evercreds/bench/rolesanywhere

go 1.24.5

require github.com/aws/rolesanywhere-credential-helper v1.4.0

require (
	github.com/aws/aws-sdk-go v1.55.5 // indirect
	github.com/google/go-tpm v0.3.3 // indirect
	github.com/jmespath/go-jmespath v0.4.0 // indirect
	github.com/miekg/pkcs11 v1.1.1 // indirect
	github.com/stefanberger/go-pkcs11uri v0.0.0-20230803200340-78284954bff6 // indirect
	golang.org/x/crypto v0.28.0 // indirect
	golang.org/x/net v0.30.0 // indirect
	golang.org/x/sys v0.26.0 // indirect
	golang.org/x/term v0.25.0 // indirect
)
