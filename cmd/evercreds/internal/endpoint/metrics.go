package endpoint

import (
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
)

// counts are since the server began.
type counts struct {
	served, refused, unserved, total atomic.Int64
}

func (c *counts) add(status int) {
	c.total.Add(1)
	switch {
	case status < 300:
		c.served.Add(1)
	case status < 500:
		c.refused.Add(1)
	}
}

// Counts returns how many requests were served, refused, and not served for want of
// credentials.
func (s *Server) Counts() (served, refused, unserved int64) {
	return s.counts.served.Load(), s.counts.refused.Load(), s.counts.unserved.Load()
}

// metrics writes them in Prometheus' text format.
func (s *Server) metrics(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	served, refused, unserved := s.Counts()
	fmt.Fprintf(w, "# HELP evercreds_requests_total Requests for credentials, by what came of them.\n# TYPE evercreds_requests_total counter\n")
	for _, row := range []struct {
		result string
		n      int64
	}{{"served", served}, {"refused", refused}, {"unavailable", unserved}} {
		fmt.Fprintf(w, "evercreds_requests_total{result=%q} %d\n", row.result, row.n)
	}
	Gauge(w, "evercreds_connections", "Connections now.", float64(s.conns.count()))
	if s.Gauges != nil {
		s.Gauges(w)
	}
}

// Gauge writes a gauge without labels.
func Gauge(w io.Writer, name, help string, value float64) {
	fmt.Fprintf(w, "# HELP %s %s\n# TYPE %s gauge\n%s %v\n", name, help, name, name, value)
}
