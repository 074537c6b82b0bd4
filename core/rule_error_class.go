package core

// ErrorClass sorts a service's error by source, HTTP status (0: no reply) and
// error code ("": none). An error that is not known to be permanent is recoverable:
// a source that could not be reached may be back.
//
// The permanent codes are those of the AWS SDK for Rust (sts/util.rs), and hold
// for STS alone: nothing is known of the call that a custom source was refused.
// ExpiredToken is recoverable, since it speaks of the source credentials, which
// may rotate; Throttling is HTTP 400 from STS.
func ErrorClass(m Method, status int, code []byte) Class {
	if n := len(code) - len("Exception"); n > 0 && string(code[n:]) == "Exception" {
		code = code[:n]
	}
	// Here the compiler makes no copy, which would stay in memory: a source may put
	// anything in place of a code, even a secret.
	switch string(code) {
	case "Throttling", "Throttled", "TooManyRequests", "RequestLimitExceeded", "SlowDown",
		"RequestThrottled", "BandwidthLimitExceeded", "PriorRequestNotComplete", "LimitExceeded":
		return Throttled
	case "MFARefused", "Configuration": // evercreds' own
		return Permanent
	case "ExpiredToken", "RequestExpired", "IDPCommunicationError", "IncompleteSignature",
		"InvalidClientTokenId", "SignatureDoesNotMatch", "RequestTimeTooSkewed":
		return Recoverable // a source that rotates, or a clock that is set right
	}
	switch {
	case status == 429 || status == 503 && m == MethodIoT:
		return Throttled
	case m == MethodSTS && refusedBySTS(code):
		return Permanent
	case m == MethodIoT && (status == 403 || status == 404 || status == 400):
		return Permanent // certificate, thing or alias: see the provider's page
	}
	return Recoverable
}

func refusedBySTS(code []byte) bool {
	switch string(code) {
	case "AccessDenied", "MalformedPolicyDocument", "MalformedPolicy", "PackedPolicyTooLarge",
		"RegionDisabled", "IDPRejectedClaim", "IdpRejectedClaim", "InvalidIdentityToken",
		"ValidationError", "Validation", "InvalidParameterValue", "MissingParameter", "InvalidAction",
		"NoCredentials": // evercreds' own: there never were any to sign the call with
		return true
	}
	return false
}
