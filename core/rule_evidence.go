package core

// Evidence is how surely a service's error speaks against the set that signed the call.
type Evidence int32

const (
	// EvidenceNone: the error is about something else.
	EvidenceNone Evidence = iota
	// EvidenceStrong: the service refuses the set, in so many words.
	EvidenceStrong
	// EvidenceWeak: the service may refuse the set, or something else is wrong.
	EvidenceWeak
)

// EvidenceOf judges a service's error by the request's method, the HTTP status
// (0: not known) and the error code, as the SDK names it. AccessDenied is none:
// it speaks of what the credentials may do. A wrong "weak" costs one fetch for each
// fetch of another cause. A code that is missing here costs the set's whole life. So
// a code is at least weak if another set may help.
//
//go:noinline
func EvidenceOf(isHead bool, status int, code []byte) Evidence {
	switch string(code) {
	// Query and REST services, the others, and S3 of a token that it cannot read.
	// AWS's SDKs give a set up for the first and the third since August 2026
	// (botocore's pull request 3777; Ruby: INVALIDATING_AUTH_ERRORS), and aws-sdk-go
	// v1 for the first two (request/retryer.go: credsExpiredCodes).
	case "ExpiredToken", "ExpiredTokenException", "InvalidToken":
		return EvidenceStrong
	// EC2 of an expired token (credsExpiredCodes: "EC2 only"), and of a wrong clock
	// (JS @smithy/core, Java AwsErrorCodes: CLOCK_SKEW_ERROR_CODES).
	case "RequestExpired":
		return EvidenceWeak
	// S3's list: "The provided token must be refreshed". No SDK knows it.
	case "TokenRefreshRequired":
		return EvidenceWeak
	// A key that the service does not know, since its role was made anew, or since
	// it belongs to another partition. The SDK for Ruby refreshed for all four until
	// 2026 (plugins/retry_errors.rb: EXPIRED_CREDS), with its comments: query
	// services, JSON services, S3, EC2. AuthFailure is a wrong clock as well, and at
	// times a missing permission, for which the SDK for Java leaves it out (its pull
	// request 7108); InvalidClientTokenId has been seen of a token that had expired.
	case "InvalidClientTokenId", "UnrecognizedClientException", "InvalidAccessKeyId", "AuthFailure":
		return EvidenceWeak
	// A reply to HEAD has no body to name a code in, so that S3 answers an expired
	// token with the bare status. What follows is what SDKs put for no code:
	// botocore and JS the number, Go the status text, JS at times "Unknown".
	case "", "400", "BadRequest", "Bad Request", "Unknown", "UnknownError":
		if isHead && status == 400 {
			return EvidenceWeak
		}
	}
	// Left out on purpose: InvalidTokenException and ExpiredTradeInTokenException
	// (models of Marketplace Metering, Network Firewall, EKS Auth, STS) and
	// InvalidIdentityToken (STS), which speak of a token among the parameters;
	// SignatureDoesNotMatch, InvalidSignatureException, RequestTimeTooSkewed and
	// RequestInTheFuture, which speak of the clock or of the signer.
	return EvidenceNone
}
