package evercreds

import (
	"net/url"
	"strconv"
	"strings"
	"time"

	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/evercreds/evercreds/internal/abi/words"
)

// lookAtPresigned tells once of a URL that is to last longer than the credentials which
// signed it. Nothing fails then until it is used too late.
func (s *Session) lookAtPresigned(result any) {
	signed, ok := result.(*v4.PresignedHTTPRequest)
	if !ok || signed == nil || s.presigned.Load() {
		return
	}
	at, err := url.Parse(signed.URL)
	if err != nil {
		return
	}
	query := at.Query()
	begin, err := time.Parse("20060102T150405Z", query.Get("X-Amz-Date"))
	if err != nil {
		return
	}
	seconds, err := strconv.ParseInt(query.Get("X-Amz-Expires"), 10, 32)
	if err != nil {
		return
	}
	key, _, _ := strings.Cut(query.Get("X-Amz-Credential"), "/")
	held := s.host.Granted()
	if held == nil || held.Credentials.AccessKeyID != key || !held.Credentials.CanExpire {
		return
	}
	// a date has whole seconds
	if begin.Add(time.Duration(seconds-1)*time.Second).After(held.Credentials.Expires) && !s.presigned.Swap(true) {
		s.warn(words.In(words.Here, words.Presigned))
	}
}
