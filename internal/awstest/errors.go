package awstest

import "net/http"

// apiError is an error as a service sends it.
type apiError struct {
	status     int
	code       string // counted; IoT replies do not carry it
	message    string
	retryAfter int // the Retry-After header in seconds; 0: none
}

// reason is why a call is turned away, before the words of a service.
type reason int

const (
	reasonNone reason = iota
	reasonUnsigned
	reasonMalformedSignature
	reasonScope
	reasonUnknownKey
	reasonBadToken
	reasonSkew
	reasonBadSignature
	reasonUnsignedHeader
	reasonNoPayloadHash
	reasonPayload
	reasonEnded
	reasonUnavailable
	reasonInternal
	reasonThrottled
	reasonDenied
)

// stsErrors are the words of STS.
var stsErrors = map[reason]apiError{
	reasonUnsigned:           {http.StatusForbidden, "MissingAuthenticationToken", "Request is missing Authentication Token", 0},
	reasonMalformedSignature: {http.StatusBadRequest, "IncompleteSignature", "The request signature does not conform to AWS standards.", 0},
	reasonScope:              {http.StatusForbidden, "SignatureDoesNotMatch", "Credential should be scoped to a valid region and service.", 0},
	reasonUnknownKey:         {http.StatusForbidden, "InvalidClientTokenId", "The security token included in the request is invalid.", 0},
	reasonBadToken:           {http.StatusForbidden, "InvalidClientTokenId", "The security token included in the request is invalid.", 0},
	reasonSkew:               {http.StatusForbidden, "SignatureDoesNotMatch", "Signature not yet current or expired.", 0},
	reasonBadSignature:       {http.StatusForbidden, "SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided.", 0},
	reasonUnsignedHeader:     {http.StatusForbidden, "SignatureDoesNotMatch", "A header that must be signed is not.", 0},
	reasonPayload:            {http.StatusForbidden, "SignatureDoesNotMatch", "The body does not match its signed hash.", 0},
	reasonEnded:              {http.StatusForbidden, "ExpiredToken", "The security token included in the request is expired", 0},
	reasonUnavailable:        {http.StatusServiceUnavailable, "ServiceUnavailable", "The service is unavailable.", 0},
	reasonInternal:           {http.StatusInternalServerError, "InternalFailure", "An internal error occurred.", 0},
	reasonThrottled:          {http.StatusBadRequest, "Throttling", "Rate exceeded", 0},
	reasonDenied:             {http.StatusForbidden, "AccessDenied", "Not authorized to perform this action.", 0},
}

// s3Errors are the words of S3.
var s3Errors = map[reason]apiError{
	reasonUnsigned:           {http.StatusForbidden, "AccessDenied", "Access Denied", 0},
	reasonMalformedSignature: {http.StatusBadRequest, "AuthorizationHeaderMalformed", "The authorization header is malformed.", 0},
	reasonScope:              {http.StatusBadRequest, "AuthorizationHeaderMalformed", "The authorization header is malformed; the region or service is wrong.", 0},
	reasonUnknownKey:         {http.StatusForbidden, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.", 0},
	reasonBadToken:           {http.StatusBadRequest, "InvalidToken", "The provided token is malformed or otherwise invalid.", 0},
	reasonSkew:               {http.StatusForbidden, "RequestTimeTooSkewed", "The difference between the request time and the current time is too large.", 0},
	reasonBadSignature:       {http.StatusForbidden, "SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided.", 0},
	reasonUnsignedHeader:     {http.StatusForbidden, "AccessDenied", "There were headers present in the request which were not signed", 0},
	reasonNoPayloadHash:      {http.StatusBadRequest, "InvalidRequest", "Missing required header for this request: x-amz-content-sha256", 0},
	reasonPayload:            {http.StatusBadRequest, "XAmzContentSHA256Mismatch", "The provided 'x-amz-content-sha256' header does not match what was computed.", 0},
	reasonEnded:              {http.StatusBadRequest, "ExpiredToken", "The provided token has expired.", 0},
	reasonUnavailable:        {http.StatusServiceUnavailable, "ServiceUnavailable", "Please reduce your request rate.", 0},
	reasonInternal:           {http.StatusInternalServerError, "InternalError", "We encountered an internal error. Please try again.", 0},
	reasonThrottled:          {http.StatusServiceUnavailable, "SlowDown", "Please reduce your request rate.", 0},
	reasonDenied:             {http.StatusForbidden, "AccessDenied", "Access Denied", 0},
}

// iotErrors are the words of the IoT credentials provider, which has no codes:
// those here are for the counts.
var iotErrors = map[reason]apiError{
	reasonUnavailable: {http.StatusServiceUnavailable, "ServiceUnavailable", "Service Unavailable", 0},
	reasonInternal:    {http.StatusInternalServerError, "InternalFailure", "Internal Server Error", 0},
	reasonThrottled:   {http.StatusTooManyRequests, "Throttling", "Rate exceeded", 0},
	reasonDenied:      {http.StatusForbidden, "AccessDenied", "Access Denied", 0},
}

// invalid is the ValidationError of STS, in its usual form.
func invalid(message string) *apiError {
	return &apiError{http.StatusBadRequest, "ValidationError", message, 0}
}
