package awstest

import (
	"crypto/md5"
	"encoding/xml"
	"fmt"
	"net/http"
	"slices"
	"strings"
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

// object is the only one that there is, in each bucket.
const objectKey, objectText = "object", "stand-in\n"

// serveS3 serves ListBuckets, the signed call by which a session shows that
// what it hands out is good, and the calls of HEAD, whose errors have no words.
func (s *Server) serveS3(w http.ResponseWriter, r *http.Request) {
	c, early := s.newCall(w, r, s3Dialect)
	run := s.listBuckets
	if early == nil {
		run, early = s.routeS3(c)
	}
	if early == nil {
		var why reason
		if c.caller, why = s.authenticate(c, "s3"); why != reasonNone {
			early = c.dialect.word(why)
		}
		c.source = c.caller.source
	}
	s.finish(w, c, early, run)
}

// routeS3 finds the action: of a bucket or object by HEAD, in path style.
func (s *Server) routeS3(c *call) (func(*call) result, *apiError) {
	bucket, key, _ := strings.Cut(strings.TrimPrefix(c.r.URL.Path, "/"), "/")
	head, get := c.r.Method == http.MethodHead, c.r.Method == http.MethodGet
	run := s.object
	switch {
	case !head && !get:
		return nil, &apiError{http.StatusMethodNotAllowed, "MethodNotAllowed", "The specified method is not allowed against this resource.", 0}
	case get && bucket == "":
		c.action, run = ActionListBuckets, s.listBuckets
	case get && key != "":
		c.action = ActionGetObject
	case head && key != "":
		c.action = ActionHeadObject
	case head && bucket != "":
		c.action, run = ActionHeadBucket, s.headBucket
	default:
		return nil, &apiError{http.StatusNotImplemented, "NotImplemented", "The stand-in has ListBuckets, HEAD, and the one object.", 0}
	}
	for name, values := range c.r.URL.Query() {
		if name != "x-id" || values[0] != c.action {
			return nil, &apiError{http.StatusNotImplemented, "NotImplemented", "The stand-in has no parameter " + name + " of this value.", 0}
		}
	}
	return run, nil
}

func (s *Server) listBuckets(c *call) result {
	reply := listBucketsReply{Namespace: s3Namespace, Buckets: theBuckets}
	reply.Owner.ID, reply.Owner.DisplayName = c.caller.account, "stand-in"
	return result{value: reply}
}

func (s *Server) headBucket(c *call) result {
	name := strings.Trim(c.r.URL.Path, "/")
	if !slices.ContainsFunc(theBuckets, func(b bucket) bool { return b.Name == name }) {
		return result{err: &apiError{http.StatusNotFound, "NoSuchBucket", "The specified bucket does not exist", 0}}
	}
	return result{bytes: []byte{}, extra: http.Header{"X-Amz-Bucket-Region": {s.cfg.Region}}}
}

func (s *Server) object(c *call) result {
	name, key, _ := strings.Cut(strings.TrimPrefix(c.r.URL.Path, "/"), "/")
	switch {
	case !slices.ContainsFunc(theBuckets, func(b bucket) bool { return b.Name == name }):
		return result{err: &apiError{http.StatusNotFound, "NoSuchBucket", "The specified bucket does not exist", 0}}
	case key != objectKey:
		return result{err: &apiError{http.StatusNotFound, "NoSuchKey", "The specified key does not exist.", 0}}
	}
	return result{bytes: []byte(objectText), extra: http.Header{
		"Content-Type":  {"text/plain"},
		"Etag":          {fmt.Sprintf("%q", fmt.Sprintf("%x", md5.Sum([]byte(objectText))))},
		"Last-Modified": {"Mon, 01 Jan 2024 00:00:00 GMT"},
	}}
}
