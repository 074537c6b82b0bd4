package awstest

import (
	"encoding/xml"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const stsVersion = "2011-06-15"

// chainLimit is the longest lifetime that one role may ask of another.
const chainLimit = time.Hour

// serveSigned tells STS and S3 apart: by the service in the credential scope,
// and by the method where a call has none.
func (s *Server) serveSigned(w http.ResponseWriter, r *http.Request) {
	service := "s3"
	if r.Method == http.MethodPost {
		service = "sts" // EC2 is told by its signature
	}
	if auth, err := parseAuthorization(r.Header.Get("Authorization")); err == nil {
		service = auth.service
	}
	switch service {
	case "s3":
		s.serveS3(w, r)
	case "ec2":
		s.serveEC2(w, r)
	default:
		s.serveSTS(w, r)
	}
}

func (s *Server) serveSTS(w http.ResponseWriter, r *http.Request) {
	c, early := s.newCall(w, r, stsDialect)
	run := s.unknownAction
	if early == nil {
		run, early = s.routeSTS(c)
	}
	if early == nil {
		var why reason
		if c.caller, why = s.authenticate(c, "sts"); why != reasonNone {
			early = c.dialect.word(why)
			if why == reasonSkew {
				early.message = fmt.Sprintf("Signature not yet current or expired: it was made at %s, and it is %s now, with 5 min. allowed.",
					c.r.Header.Get(dateHeader), c.at.UTC().Format(amzDateFormat))
			}
		}
	}
	if early == nil && c.action == ActionGetCallerIdentity {
		c.source = c.caller.source
	}
	s.finish(w, c, early, run)
}

// routeSTS reads the form and finds the action, before anybody is believed, so
// that refused calls too are counted for the role that they ask for.
func (s *Server) routeSTS(c *call) (func(*call) result, *apiError) {
	if c.r.Method != http.MethodPost || c.r.URL.Path != "/" {
		return nil, &apiError{http.StatusMethodNotAllowed, "MethodNotAllowed", "STS is POST / here.", 0}
	}
	kind, _, _ := strings.Cut(c.r.Header.Get("Content-Type"), ";")
	form, err := url.ParseQuery(string(c.body))
	if err != nil || strings.TrimSpace(kind) != "application/x-www-form-urlencoded" {
		return nil, &apiError{http.StatusBadRequest, "MalformedInput", "The body must be a form.", 0}
	}
	c.form = form
	action := form.Get("Action")
	if form.Get("Version") == stsVersion {
		switch action {
		case ActionAssumeRole:
			c.action, c.source = action, form.Get("RoleArn")
			return s.assumeRole, nil
		case ActionGetCallerIdentity:
			c.action = action
			return s.callerIdentity, nil
		}
	}
	return s.unknownAction, nil
}

func (s *Server) unknownAction(c *call) result {
	return result{err: &apiError{http.StatusBadRequest, "InvalidAction",
		fmt.Sprintf("Could not find operation %q for version %q", c.form.Get("Action"), c.form.Get("Version")), 0}}
}

type assumeRoleReply struct {
	XMLName   xml.Name `xml:"AssumeRoleResponse"`
	Namespace string   `xml:"xmlns,attr"`
	Result    struct {
		AssumedRoleUser struct {
			AssumedRoleID string `xml:"AssumedRoleId"`
			Arn           string
		}
		Credentials      wireCredentials
		PackedPolicySize int    `xml:",omitempty"`
		SourceIdentity   string `xml:",omitempty"`
	} `xml:"AssumeRoleResult"`
	RequestID string `xml:"ResponseMetadata>RequestId"`
}

func (s *Server) assumeRole(c *call) result {
	if err := checkAssumeRole(c.form, s.settings.override(c.source) > 0); err != nil {
		return result{err: err}
	}
	asked := defaultLifetime
	if seconds, err := strconv.Atoi(c.form.Get("DurationSeconds")); err == nil {
		asked = time.Duration(seconds) * time.Second
	}
	if c.caller.temporary() && asked > chainLimit {
		return result{err: invalid("The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.")}
	}
	who := assumed(c.source, c.form.Get("RoleSessionName"), c.source)
	wire, spoil := s.issue(c, who, asked)
	reply := assumeRoleReply{Namespace: stsNamespace, RequestID: c.id}
	reply.Result.AssumedRoleUser.AssumedRoleID = who.userID
	reply.Result.AssumedRoleUser.Arn = who.arn
	reply.Result.Credentials = wire
	reply.Result.SourceIdentity = c.form.Get("SourceIdentity")
	// AWS packs policies and tags in a form of its own and gives the percentage
	// of its limit that they fill; their plain size, rounded up, stands in for it.
	reply.Result.PackedPolicySize = (packedSize(c.form)*100 + maxPacked - 1) / maxPacked
	return result{value: reply, spoil: spoil}
}

// assumed is who a role session speaks for. The role must be well formed.
func assumed(role, session, source string) principal {
	m := rolePattern.FindStringSubmatch(role)
	account, name := m[1], m[3]
	return principal{
		account: account,
		arn:     "arn:aws:sts::" + account + ":assumed-role/" + name + "/" + session,
		userID:  "AROA" + stableID(role) + ":" + session,
		source:  source,
	}
}

type callerIdentityReply struct {
	XMLName   xml.Name `xml:"GetCallerIdentityResponse"`
	Namespace string   `xml:"xmlns,attr"`
	Result    struct {
		Arn     string
		UserID  string `xml:"UserId"`
		Account string
	} `xml:"GetCallerIdentityResult"`
	RequestID string `xml:"ResponseMetadata>RequestId"`
}

func (s *Server) callerIdentity(c *call) result {
	for name := range c.form {
		if name != "Action" && name != "Version" {
			return result{err: invalid("1 validation error detected: unknown parameter '" + name + "'")}
		}
	}
	reply := callerIdentityReply{Namespace: stsNamespace, RequestID: c.id}
	reply.Result.Arn, reply.Result.UserID, reply.Result.Account = c.caller.arn, c.caller.userID, c.caller.account
	return result{value: reply}
}
