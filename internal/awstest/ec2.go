package awstest

import (
	"encoding/xml"
	"net/http"
	"net/url"
)

const ec2Version = "2016-11-15"

// ec2Errors are the words of EC2 (its API Reference, "Error codes"): RequestExpired is
// of a token and of a clock, AuthFailure of whatever else is wrong with a signature.
var ec2Errors = map[reason]apiError{
	reasonUnsigned:           {http.StatusUnauthorized, "MissingAuthenticationToken", "Request is missing Authentication Token", 0},
	reasonMalformedSignature: {http.StatusBadRequest, "IncompleteSignature", "The request signature does not conform to AWS standards.", 0},
	reasonScope:              {http.StatusUnauthorized, "AuthFailure", "AWS was not able to validate the provided access credentials", 0},
	reasonUnknownKey:         {http.StatusUnauthorized, "AuthFailure", "AWS was not able to validate the provided access credentials", 0},
	reasonBadToken:           {http.StatusUnauthorized, "AuthFailure", "AWS was not able to validate the provided access credentials", 0},
	reasonSkew:               {http.StatusBadRequest, "RequestExpired", "Request has expired.", 0},
	reasonBadSignature:       {http.StatusUnauthorized, "AuthFailure", "AWS was not able to validate the provided access credentials", 0},
	reasonUnsignedHeader:     {http.StatusUnauthorized, "AuthFailure", "AWS was not able to validate the provided access credentials", 0},
	reasonPayload:            {http.StatusUnauthorized, "AuthFailure", "AWS was not able to validate the provided access credentials", 0},
	reasonEnded:              {http.StatusBadRequest, "RequestExpired", "Request has expired.", 0},
	reasonUnavailable:        {http.StatusServiceUnavailable, "Unavailable", "The server is overloaded and can't handle the request.", 0},
	reasonInternal:           {http.StatusInternalServerError, "InternalError", "An internal error has occurred.", 0},
	reasonThrottled:          {http.StatusServiceUnavailable, "RequestLimitExceeded", "Request limit exceeded.", 0},
	reasonDenied:             {http.StatusForbidden, "UnauthorizedOperation", "You are not authorized to perform this operation.", 0},
}

var ec2Dialect = &dialect{
	contentType: "text/xml",
	requestID:   "X-Amzn-Requestid",
	errors:      ec2Errors,
	encode:      xml.Marshal,
	wrapError: func(c *call, e *apiError) any {
		return ec2ErrorBody{Errors: []ec2ErrorDetail{{e.code, e.message}}, RequestID: c.id}
	},
}

type ec2ErrorBody struct {
	XMLName   xml.Name         `xml:"Response"`
	Errors    []ec2ErrorDetail `xml:"Errors>Error"`
	RequestID string           `xml:"RequestID"`
}

type ec2ErrorDetail struct{ Code, Message string }

type describeRegionsReply struct {
	XMLName   xml.Name    `xml:"DescribeRegionsResponse"`
	Namespace string      `xml:"xmlns,attr"`
	RequestID string      `xml:"requestId"`
	Regions   []ec2Region `xml:"regionInfo>item"`
}

type ec2Region struct {
	Name     string `xml:"regionName"`
	Endpoint string `xml:"regionEndpoint"`
}

// serveEC2 serves DescribeRegions, for the sake of EC2's errors.
func (s *Server) serveEC2(w http.ResponseWriter, r *http.Request) {
	c, early := s.newCall(w, r, ec2Dialect)
	if early == nil {
		var why reason
		if c.caller, why = s.authenticate(c, "ec2"); why != reasonNone {
			early = c.dialect.word(why)
		}
		c.source = c.caller.source
	}
	form, err := url.ParseQuery(string(c.body))
	c.form = form
	if err == nil && form.Get("Action") == ActionDescribeRegions && form.Get("Version") == ec2Version {
		c.action = ActionDescribeRegions
	} else if early == nil {
		early = s.unknownAction(c).err
	}
	s.finish(w, c, early, s.describeRegions)
}

func (s *Server) describeRegions(c *call) result {
	return result{value: describeRegionsReply{
		Namespace: "http://ec2.amazonaws.com/doc/" + ec2Version + "/",
		RequestID: c.id,
		Regions:   []ec2Region{{s.cfg.Region, "ec2." + s.cfg.Region + ".amazonaws.com"}},
	}}
}
