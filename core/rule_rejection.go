package core

// IsRejection tells whether a service's error code speaks of the credentials
// themselves, so that the set that signed the call is to be given up before its
// time. AccessDenied does not: it speaks of what the credentials may do.
//
// The codes are those of the services' common errors (STS and JSON services:
// ExpiredTokenException; query and REST services: ExpiredToken; S3 of a token
// that it cannot read: InvalidToken).
func IsRejection(code []byte) bool {
	switch string(code) {
	case "ExpiredToken", "ExpiredTokenException", "InvalidToken":
		return true
	}
	return false
}
