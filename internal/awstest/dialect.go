package awstest

import (
	"encoding/json"
	"encoding/xml"
	"net/http"
)

// dialect is how one service words and wraps its replies.
type dialect struct {
	contentType string
	requestID   string // the header that carries the request's ID
	errors      map[reason]apiError
	encode      func(v any) ([]byte, error)
	wrapError   func(c *call, e *apiError) any
}

// word turns a reason into the service's own error.
func (d *dialect) word(why reason) *apiError {
	e := d.errors[why]
	return &e
}

const (
	stsNamespace = "https://sts.amazonaws.com/doc/2011-06-15/"
	s3Namespace  = "http://s3.amazonaws.com/doc/2006-03-01/"
)

var stsDialect = &dialect{
	contentType: "text/xml",
	requestID:   "X-Amzn-Requestid",
	errors:      stsErrors,
	encode:      xml.Marshal,
	wrapError: func(c *call, e *apiError) any {
		kind := "Sender"
		if e.status >= http.StatusInternalServerError {
			kind = "Receiver"
		}
		return stsErrorBody{
			Namespace: stsNamespace,
			Error:     stsErrorDetail{Type: kind, Code: e.code, Message: e.message},
			RequestID: c.id,
		}
	},
}

var s3Dialect = &dialect{
	contentType: "application/xml",
	requestID:   "X-Amz-Request-Id",
	errors:      s3Errors,
	encode: func(v any) ([]byte, error) {
		body, err := xml.Marshal(v)
		return append([]byte(xml.Header), body...), err
	},
	wrapError: func(c *call, e *apiError) any {
		return s3ErrorBody{Code: e.code, Message: e.message, RequestID: c.id, HostID: "stand-in"}
	},
}

var iotDialect = &dialect{
	contentType: "application/json",
	requestID:   "X-Amzn-Requestid",
	errors:      iotErrors,
	encode:      json.Marshal,
	wrapError: func(c *call, e *apiError) any {
		return iotErrorBody{Message: e.message, TraceID: c.id}
	},
}

type stsErrorBody struct {
	XMLName   xml.Name `xml:"ErrorResponse"`
	Namespace string   `xml:"xmlns,attr"`
	Error     stsErrorDetail
	RequestID string `xml:"RequestId"`
}

type stsErrorDetail struct{ Type, Code, Message string }

type s3ErrorBody struct {
	XMLName   xml.Name `xml:"Error"`
	Code      string
	Message   string
	RequestID string `xml:"RequestId"`
	HostID    string `xml:"HostId"`
}

type iotErrorBody struct {
	Message string `json:"message"`
	TraceID string `json:"traceId"`
}
