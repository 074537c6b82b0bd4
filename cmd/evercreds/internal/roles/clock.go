package roles

import (
	"context"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// Clock knows how far this machine's clock is off AWS's, by STS's last reply.
type Clock struct {
	off atomic.Pointer[time.Duration]
}

// Offset is how far this machine's clock is ahead, to a second; false: nobody replied yet.
func (c *Clock) Offset() (time.Duration, bool) {
	off := c.off.Load()
	if off == nil {
		return 0, false
	}
	return *off, true
}

// Offset compares clocks by the Date of a reply to a request that was sent then. The header
// has whole seconds, and took half of the time that has passed.
func Offset(date string, sent, now time.Time) (time.Duration, bool) {
	theirs, err := http.ParseTime(date)
	if err != nil {
		return 0, false
	}
	between := sent.Add(now.Sub(sent) / 2)
	return between.Sub(theirs.Add(500 * time.Millisecond)).Round(time.Second), true
}

// watch is an option of an API of AWS's SDK.
func (c *Clock) watch(stack *middleware.Stack) error {
	return stack.Deserialize.Add(middleware.DeserializeMiddlewareFunc("evercreds clock", func(
		ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler,
	) (middleware.DeserializeOutput, middleware.Metadata, error) {
		sent := time.Now()
		out, metadata, err := next.HandleDeserialize(ctx, in)
		if reply, ok := out.RawResponse.(*smithyhttp.Response); ok && reply.Response != nil {
			if off, ok := Offset(reply.Header.Get("Date"), sent, time.Now()); ok {
				c.off.Store(&off)
			}
		}
		return out, metadata, err
	}), middleware.After)
}
