package main

import (
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"
)

// target is what is asked: a URL, with a header that opens it.
type target struct{ url, header, value string }

// ask has clients ask at a rate, each with connections that it keeps.
func ask(to target, rate, clients int, lasts time.Duration) (r *result) {
	r = &result{}
	transport := &http.Transport{MaxIdleConnsPerHost: clients}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, Timeout: 10 * time.Second}
	period := time.Duration(int64(time.Second) * int64(clients) / int64(rate))
	var mu sync.Mutex
	var done sync.WaitGroup
	end := time.Now().Add(lasts)
	for i := range clients {
		done.Add(1)
		go func() {
			defer done.Done()
			time.Sleep(period * time.Duration(i) / time.Duration(clients))
			var own []time.Duration
			for next := time.Now(); next.Before(end); next = next.Add(period) {
				time.Sleep(time.Until(next))
				began := time.Now()
				if !once(client, to) {
					r.errors.Add(1)
				}
				own = append(own, time.Since(began))
			}
			mu.Lock()
			r.took = append(r.took, own...)
			mu.Unlock()
		}()
	}
	done.Wait()
	slices.Sort(r.took)
	return r
}

// once asks, and takes nothing but a set that has not expired; the bare handler has none.
func once(client *http.Client, to target) bool {
	request, err := http.NewRequest(http.MethodGet, to.url, nil)
	if err != nil {
		return false
	}
	if to.header != "" {
		request.Header.Set(to.header, to.value)
	}
	reply, err := client.Do(request)
	if err != nil {
		return false
	}
	defer reply.Body.Close()
	body, err := io.ReadAll(reply.Body)
	if err != nil || reply.StatusCode != http.StatusOK {
		return false
	}
	var set struct {
		AccessKeyID string `json:"AccessKeyId"`
		Expiration  time.Time
	}
	read := json.Unmarshal(body, &set)
	return to.header == "" || read == nil && set.AccessKeyID != "" && set.Expiration.After(time.Now().Add(-time.Second))
}
