package sessiontest

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/evercreds/evercreds/internal/awstest"
)

// service rejects for A by a bare 400, as S3 answers HEAD with an expired token: the
// call is signed anew and sent again, and two sets are fetched in all.
func TestHeadWithARevokedSet(t *testing.T) {
	bucket, key := aws.String("stand-in-first"), aws.String("object")
	for name, call := range map[string]func(t *testing.T, c *s3.Client) error{
		"HeadObject": func(t *testing.T, c *s3.Client) error {
			_, err := c.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: bucket, Key: key})
			return err
		},
		"HeadBucket": func(t *testing.T, c *s3.Client) error {
			_, err := c.HeadBucket(t.Context(), &s3.HeadBucketInput{Bucket: bucket})
			return err
		},
		"ObjectExistsWaiter": func(t *testing.T, c *s3.Client) error {
			return s3.NewObjectExistsWaiter(c).Wait(t.Context(), &s3.HeadObjectInput{Bucket: bucket, Key: key}, time.Minute)
		},
	} {
		t.Run(name, func(t *testing.T) {
			standIn, cfg := start(t, awstest.Config{})
			s := assume(t, standIn, cfg)
			c := buckets(t, s, pathStyle)
			if err := call(t, c); err != nil {
				t.Fatal(err)
			}
			if err := standIn.RevokeHeld(t.Context(), s); err != nil {
				t.Fatal(err)
			}
			if err := call(t, c); err != nil {
				t.Error(err)
			}
			if n := standIn.Counts().Roles[standIn.RoleARN].Attempts; n != 2 {
				t.Errorf("%d sets were fetched", n)
			}
			if st := s.Status(); st.Rejections != 0 { // bare evidence makes nothing suspect
				t.Errorf("%+v", st)
			}
		})
	}
}

// A HEAD that is refused for another reason, again and again, has the source asked
// once more and not for each call.
func TestHeadThatIsRefusedForGood(t *testing.T) {
	standIn, cfg := start(t, awstest.Config{})
	s := assume(t, standIn, cfg)
	c := buckets(t, s, pathStyle)
	if err := standIn.Inject(awstest.Fault{Kind: awstest.KindTokenRefused, Action: awstest.ActionHeadObject}); err != nil {
		t.Fatal(err)
	}
	for range 10 {
		if _, err := c.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: aws.String("stand-in-first"), Key: aws.String("object")}); err == nil {
			t.Error("no error")
		}
	}
	if n := standIn.Counts().Roles[standIn.RoleARN].Attempts; n != 2 {
		t.Errorf("%d sets were fetched", n)
	}
	if _, err := c.ListBuckets(t.Context(), nil); err != nil {
		t.Errorf("a healthy call: %v", err)
	}
}

// elsewhere answers every HEAD by a bare 400 and the region of the bucket, as S3 does
// where a call was signed for another one.
type elsewhere struct {
	region string
	signed []string
}

func (e *elsewhere) Do(request *http.Request) (*http.Response, error) {
	e.signed = append(e.signed, request.Header.Get("X-Amz-Security-Token"))
	header := http.Header{}
	if e.region != "" {
		header.Set("X-Amz-Bucket-Region", e.region)
	}
	return &http.Response{StatusCode: http.StatusBadRequest, Header: header, Request: request, Body: io.NopCloser(strings.NewReader(""))}, nil
}

// service answers A's HEAD with the bucket's region: it is another one, so that the
// reply says nothing of the set, and none is fetched; it is the region that the call
// was signed for, or none is named, and the set is doubted.
func TestHeadOfABucketElsewhere(t *testing.T) {
	for region, fetched := range map[string]int64{"eu-north-1": 1, awstest.DefaultRegion: 2, "": 2} {
		standIn, cfg := start(t, awstest.Config{})
		s := assume(t, standIn, cfg)
		service := &elsewhere{region: region}
		c := buckets(t, s, pathStyle, func(o *s3.Options) { o.HTTPClient = service })
		for range 3 {
			if _, err := c.HeadBucket(t.Context(), &s3.HeadBucketInput{Bucket: aws.String("far")}); err == nil {
				t.Error("no error")
			}
		}
		if n := s.Status().Installs; n != fetched {
			t.Errorf("a bucket in %q: %d sets were fetched", region, n)
		}
		if want := 3 + fetched - 1; int64(len(service.signed)) != want {
			t.Errorf("a bucket in %q: %d calls were sent", region, len(service.signed))
		}
	}
}
