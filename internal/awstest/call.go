package awstest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// The actions that are served, as faults and counts name them.
const (
	ActionAssumeRole        = "AssumeRole"
	ActionGetCallerIdentity = "GetCallerIdentity"
	ActionListBuckets       = "ListBuckets"
	ActionHeadBucket        = "HeadBucket"
	ActionHeadObject        = "HeadObject"
	ActionGetObject         = "GetObject"
	ActionDescribeRegions   = "DescribeRegions"
	// ActionRoleAlias is a call of the IoT credentials provider, under the name
	// that IAM has for it.
	ActionRoleAlias = "AssumeRoleWithCertificate"
	// actionUnknown counts the calls of which nothing could be made.
	actionUnknown = "unknown"
)

// maxBody is far above any AssumeRole that STS would accept.
const maxBody = 256 << 10

// call is one request on its way through the stand-in.
type call struct {
	r       *http.Request
	id      string
	body    []byte
	at      time.Time     // arrival, by the server's clock
	shift   time.Duration // by which a fault moves the times shown
	dialect *dialect
	action  string
	source  string     // the role or alias that is asked, or whose set signed
	form    url.Values // STS only
	caller  issued     // who signed; zero for IoT
	fault   Fault      // the one in force, its Kind "" for none
	loose   bool       // its body is not signed, or in chunks
	visit   visit
}

// result is what becomes of a call. Where err is set there is no value.
type result struct {
	value any
	bytes []byte      // in place of value: the body as it is
	extra http.Header // headers of this reply
	err   *apiError
	spoil string // the code under which a deliberately bad reply is counted
}

func (s *Server) newCall(w http.ResponseWriter, r *http.Request, d *dialect) (*call, *apiError) {
	c := &call{r: r, at: s.Now(), dialect: d, id: newID(), action: actionUnknown}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if tooLong := (*http.MaxBytesError)(nil); errors.As(err, &tooLong) {
		return c, &apiError{http.StatusRequestEntityTooLarge, "RequestEntityTooLarge", "The body is too long.", 0}
	}
	if err != nil {
		return c, &apiError{http.StatusBadRequest, "IncompleteBody", "The body ended early.", 0}
	}
	c.body = body
	return c, nil
}

// finish runs a call whose action and source are known: it counts it, lets
// faults have their way with it, and answers. early is an error found before.
func (s *Server) finish(w http.ResponseWriter, c *call, early *apiError, run func(*call) result) {
	defer s.counter.enter(c)()
	if early != nil {
		s.answer(w, c, result{err: early})
		return
	}
	delay := s.applyFaults(c)
	if !c.pause(delay) {
		s.counter.failure(c, "ClientGone")
		panic(http.ErrAbortHandler)
	}
	switch {
	case c.fault.Kind == KindReset:
		s.counter.failure(c, "ConnectionReset")
		reset(w)
	case c.fault.Kind == KindHang:
		s.counter.failure(c, "Hang")
		c.pause(-1)
		panic(http.ErrAbortHandler)
	case c.fault.Kind == KindOversized:
		s.counter.failure(c, "OversizedReply")
		s.flood(w, c)
	case c.fault.Kind.refuses():
		s.answer(w, c, result{err: c.refusal()})
	default:
		s.answer(w, c, run(c))
	}
}

// pause waits for d, for ever where d is negative, and says whether the
// connection is still there: the client may leave, and Close takes it away.
func (c *call) pause(d time.Duration) bool {
	if d == 0 {
		return true
	}
	var over <-chan time.Time
	if d > 0 {
		timer := time.NewTimer(d)
		defer timer.Stop()
		over = timer.C
	}
	select {
	case <-over:
		return true
	case <-c.r.Context().Done():
	}
	return false
}

// answer counts first and writes then, so that a client that has its reply
// finds it counted.
func (s *Server) answer(w http.ResponseWriter, c *call, out result) {
	status, value := http.StatusOK, out.value
	if out.err != nil {
		status, value = out.err.status, c.dialect.wrapError(c, out.err)
	}
	body := out.bytes
	if body == nil {
		var err error
		if body, err = c.dialect.encode(value); err != nil {
			panic(fmt.Sprintf("awstest: a reply of %s cannot be encoded: %v", c.action, err))
		}
	}
	if out.err == nil && c.fault.Kind == KindTruncated {
		body, out.spoil = body[:len(body)/2], "MalformedReply"
	}
	s.count(c, out)
	h := s.header(w, c)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if c.r.Method == http.MethodHead && out.err != nil {
		h.Del("Content-Length") // S3 does not tell how long the body would have been
	}
	maps.Copy(h, out.extra)
	if out.err != nil && out.err.retryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(out.err.retryAfter))
	}
	if out.err != nil && c.fault.AmzRetryAfterMs > 0 {
		h.Set("X-Amz-Retry-After", strconv.FormatInt(c.fault.AmzRetryAfterMs, 10))
	}
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client may have left
}

// header sets what all replies have.
func (s *Server) header(w http.ResponseWriter, c *call) http.Header {
	h := w.Header()
	h.Set("Content-Type", c.dialect.contentType)
	h.Set(c.dialect.requestID, c.id)
	h.Set("Date", s.Now().Add(c.shift).UTC().Format(http.TimeFormat))
	return h
}

// flood answers with more than any client should read.
func (s *Server) flood(w http.ResponseWriter, c *call) {
	s.header(w, c)
	w.WriteHeader(max(c.fault.Status, http.StatusOK))
	left := c.fault.size()
	for part := bytes.Repeat([]byte("x"), 64<<10); left > 0; left -= int64(len(part)) {
		if _, err := w.Write(part[:min(left, int64(len(part)))]); err != nil {
			return // the client has had enough
		}
	}
}

func (s *Server) count(c *call, out result) {
	switch {
	case out.err != nil:
		s.counter.failure(c, out.err.code)
	case out.spoil != "":
		s.counter.failure(c, out.spoil)
	default:
		s.counter.success(c)
	}
}

// reset closes the connection so that the client sees a reset, not an end.
func reset(w http.ResponseWriter) {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	raw := conn
	if secure, ok := conn.(interface{ NetConn() net.Conn }); ok {
		// Closing the TLS layer would say goodbye first.
		raw = secure.NetConn()
	}
	if tcp, ok := raw.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = raw.Close()
}

// newID is a request ID in the form of a UUID.
func newID() string {
	b := random(16)
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
