package mqtt_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"
)

// relay is what AWS IoT has before its broker: it checks who signed the request for
// a WebSocket, and passes the connection on.
type relay struct {
	address string
	secrets map[string]string // by access key
	mu      sync.Mutex
	seen    []string // access keys, of each request
	refuse  int      // a status to answer with, whoever asks
}

func startRelay(t *testing.T, s *server, m *mosquitto, secrets map[string]string) *relay {
	t.Helper()
	r := &relay{secrets: secrets}
	onward := http.NotFoundHandler()
	if m != nil {
		proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: m.ws})
		proxy.ErrorLog = log.New(io.Discard, "", 0) // of a broker that is being started again
		onward = proxy
	}
	front := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if status := r.check(q); status != 0 {
			w.WriteHeader(status)
			return
		}
		onward.ServeHTTP(w, q)
	}))
	front.Config.ErrorLog = log.New(io.Discard, "", 0)
	front.TLS = &tls.Config{Certificates: []tls.Certificate{s.pair}}
	front.StartTLS()
	t.Cleanup(front.Close)
	r.address = strings.TrimPrefix(front.URL, "https://")
	return r
}

func (r *relay) check(q *http.Request) (status int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	key, _, _ := strings.Cut(q.URL.Query().Get("X-Amz-Credential"), "/")
	r.seen = append(r.seen, key)
	switch {
	case r.refuse != 0:
		return r.refuse
	case q.URL.Path != "/mqtt" || q.Host != endpoint || q.Header.Get("Sec-WebSocket-Protocol") != "mqtt":
		return http.StatusNotFound
	case !r.signedRight(q, r.secrets[key]) || q.URL.Query().Get("X-Amz-Security-Token") != "token+/=of-"+key:
		return http.StatusForbidden
	}
	return 0
}

func (r *relay) keys() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string(nil), r.seen...)
}

// signedRight computes the signature as the text of AWS Signature Version 4 says,
// over the query without the token, which AWS IoT leaves out.
func (r *relay) signedRight(q *http.Request, secret string) bool {
	query := q.URL.Query()
	given := query.Get("X-Amz-Signature")
	query.Del("X-Amz-Signature")
	query.Del("X-Amz-Security-Token")
	date, scope := query.Get("X-Amz-Date"), strings.SplitN(query.Get("X-Amz-Credential"), "/", 2)
	if secret == "" || len(scope) != 2 || scope[1] != date[:8]+"/us-east-1/iotdevicegateway/aws4_request" {
		return false
	}
	canonical := strings.Join([]string{
		"GET", "/mqtt", strings.ReplaceAll(query.Encode(), "+", "%20"), "host:" + q.Host, "", "host", hash(""),
	}, "\n")
	text := strings.Join([]string{"AWS4-HMAC-SHA256", date, scope[1], hash(canonical)}, "\n")
	key := []byte("AWS4" + secret)
	for part := range strings.SplitSeq(scope[1], "/") {
		key = mac(key, part)
	}
	return hmac.Equal([]byte(hex.EncodeToString(mac(key, text))), []byte(given))
}

func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

func mac(key []byte, text string) []byte {
	m := hmac.New(sha256.New, key)
	_, _ = m.Write([]byte(text))
	return m.Sum(nil)
}
