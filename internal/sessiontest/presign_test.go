package sessiontest

import (
	"context"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/evercreds/evercreds"
	"github.com/evercreds/evercreds/internal/awstest"
)

// heard collects the warnings of a session.
type heard struct {
	mu    sync.Mutex
	texts []string
}

func (h *heard) hook(e evercreds.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if e.Kind == evercreds.EventWarning {
		h.texts = append(h.texts, e.Message)
	}
}

var object = &s3.GetObjectInput{Bucket: aws.String("bucket"), Key: aws.String("key")}

// URLs that end with their credentials or before are silent. The first one that is to last
// longer is told of, and later ones are not.
func TestAPresignedURLThatOutlivesItsCredentials(t *testing.T) {
	for name, c := range map[string]struct {
		life []time.Duration
		want int
	}{
		"within":     {[]time.Duration{time.Minute, 59 * time.Minute}, 0},
		"longer":     {[]time.Duration{time.Minute, 61 * time.Minute}, 1},
		"all longer": {[]time.Duration{2 * time.Hour, 7 * 24 * time.Hour, 2 * time.Hour}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			standIn, cfg := start(t, awstest.Config{})
			var h heard
			s := assume(t, standIn, cfg, evercreds.WithEvents(h.hook))
			urls := s3.NewPresignClient(s3.NewFromConfig(s.Config(cfg), pathStyle))
			for _, d := range c.life {
				if _, err := urls.PresignGetObject(t.Context(), object, s3.WithPresignExpires(d)); err != nil {
					t.Fatal(err)
				}
			}
			if err := s.Close(); err != nil { // by then all is told
				t.Fatal(err)
			}
			if len(h.texts) != c.want || c.want > 0 && !strings.Contains(h.texts[0], "presigned") {
				t.Errorf("%q", h.texts)
			}
			for _, text := range h.texts {
				if strings.Contains(text, "X-Amz") {
					t.Errorf("a warning shows a URL: %q", text)
				}
			}
		})
	}
}

// The recipe of the README: a URL is signed with credentials that last as long. If those
// that are held do not, the session has new ones first.
func TestAPresignedURLWithEnoughTimeLeft(t *testing.T) {
	standIn, cfg := start(t, awstest.Config{Lifetime: time.Minute})
	var h heard
	s := assume(t, standIn, cfg, evercreds.WithEvents(h.hook))
	client := s3.NewFromConfig(s.Config(cfg), pathStyle)
	const life = 56 * time.Second
	enough := aws.CredentialsProviderFunc(func(ctx context.Context) (aws.Credentials, error) {
		return s.Credentials(ctx, evercreds.MinTTL(life))
	})
	urls := s3.NewPresignClient(client, func(o *s3.PresignOptions) {
		o.ClientOptions = append(o.ClientOptions, func(o *s3.Options) { o.Credentials = enough })
	})
	short, err := s.Retrieve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(time.Until(short.Expires) - life + 100*time.Millisecond)
	link, err := urls.PresignGetObject(t.Context(), object, s3.WithPresignExpires(life))
	if err != nil {
		t.Fatal(err)
	}
	at, err := url.Parse(link.URL)
	if err != nil {
		t.Fatal(err)
	}
	held, _ := s.Retrieve(t.Context())
	if by := at.Query().Get("X-Amz-Credential"); !strings.HasPrefix(by, held.AccessKeyID+"/") || held.AccessKeyID == short.AccessKeyID {
		t.Errorf("signed by %s, and %s is held", by, held.AccessKeyID)
	}
	if err := s.Close(); err != nil || len(h.texts) != 0 {
		t.Errorf("%v, %q", err, h.texts)
	}
}
