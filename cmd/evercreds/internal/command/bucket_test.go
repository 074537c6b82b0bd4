//go:build unix

package command

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"

	"github.com/evercreds/evercreds/internal/awstest"
)

// bucket is as much of S3 as Terraform's backend asks for, with one bucket. It takes the
// calls that a role's set has signed and that has not ended, as the stand-in judges them.
type bucket struct {
	aws  *awstest.Server
	role string

	mu      sync.Mutex
	objects map[string][]byte
	keys    map[string]bool // that have signed
	refused []string
	locks   int // objects that were only put where there was none
}

// newBucket starts one, and has the world's environment name it.
func (w *world) newBucket(role string) *bucket {
	b := &bucket{aws: w.aws, role: role, objects: map[string][]byte{}, keys: map[string]bool{}}
	server := httptest.NewServer(b)
	w.t.Cleanup(server.Close)
	w.env["AWS_ENDPOINT_URL_S3"] = server.URL
	return b
}

func (b *bucket) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	signer, err := b.aws.Verify(r, body)
	if err == nil && signer.Source != b.role {
		err = fmt.Errorf("it is signed as %q", signer.Source)
	}
	if err != nil {
		b.refused = append(b.refused, r.Method+" "+r.URL.Path+": "+err.Error())
		w.WriteHeader(http.StatusForbidden)
		return
	}
	b.keys[signer.AccessKeyID] = true
	b.serve(w, r, body)
}

func (b *bucket) serve(w http.ResponseWriter, r *http.Request, body []byte) {
	_, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	object, there := b.objects[key]
	switch {
	case key == "":
		w.Header().Set("Content-Type", "application/xml")
		fmt.Fprint(w, `<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>`)
	case r.Method == http.MethodPut && r.Header.Get("If-None-Match") == "*" && there:
		w.WriteHeader(http.StatusPreconditionFailed)
	case r.Method == http.MethodPut:
		if r.Header.Get("If-None-Match") == "*" {
			b.locks++
		}
		b.objects[key] = body
	case r.Method == http.MethodDelete:
		delete(b.objects, key)
		w.WriteHeader(http.StatusNoContent)
	case !there:
		w.WriteHeader(http.StatusNotFound)
		if r.Method != http.MethodHead {
			fmt.Fprint(w, `<Error><Code>NoSuchKey</Code></Error>`)
		}
	default:
		w.Header().Set("Content-Length", fmt.Sprint(len(object)))
		if r.Method != http.MethodHead {
			_, _ = w.Write(object)
		}
	}
}

// names are those of the objects that are there.
func (b *bucket) names() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Sorted(maps.Keys(b.objects))
}
