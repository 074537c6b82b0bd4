package awstest

import (
	"encoding/xml"
	"net/http"
)

type listBucketsReply struct {
	XMLName   xml.Name `xml:"ListAllMyBucketsResult"`
	Namespace string   `xml:"xmlns,attr"`
	Owner     struct {
		ID          string
		DisplayName string
	}
	Buckets []bucket `xml:"Buckets>Bucket"`
}

type bucket struct{ Name, CreationDate string }

// theBuckets are what every caller owns.
var theBuckets = []bucket{
	{"stand-in-first", "2024-01-01T00:00:00.000Z"},
	{"stand-in-second", "2024-06-30T12:00:00.000Z"},
}

// serveS3 serves ListBuckets, the signed call by which a session shows that
// what it hands out is good.
func (s *Server) serveS3(w http.ResponseWriter, r *http.Request) {
	c, early := s.newCall(w, r, s3Dialect)
	if early == nil {
		early = c.routeS3()
	}
	if early == nil {
		var why reason
		if c.caller, why = s.authenticate(c, "s3"); why != reasonNone {
			early = c.dialect.word(why)
		}
		c.source = c.caller.source
	}
	s.finish(w, c, early, s.listBuckets)
}

func (c *call) routeS3() *apiError {
	switch {
	case c.r.URL.Path != "/":
		return &apiError{http.StatusNotImplemented, "NotImplemented", "The stand-in has ListBuckets only.", 0}
	case c.r.Method != http.MethodGet:
		return &apiError{http.StatusMethodNotAllowed, "MethodNotAllowed", "The specified method is not allowed against this resource.", 0}
	}
	for name, values := range c.r.URL.Query() {
		if name != "x-id" || values[0] != ActionListBuckets {
			return &apiError{http.StatusNotImplemented, "NotImplemented", "The stand-in has no parameter " + name + " of this value.", 0}
		}
	}
	c.action = ActionListBuckets
	return nil
}

func (s *Server) listBuckets(c *call) result {
	reply := listBucketsReply{Namespace: s3Namespace, Buckets: theBuckets}
	reply.Owner.ID, reply.Owner.DisplayName = c.caller.account, "stand-in"
	return result{value: reply}
}
