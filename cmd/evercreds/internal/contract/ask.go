package main

import (
	"io"
	"net/http"
	"slices"
	"sync"
	"time"
)

// ask has clients ask at a rate, each with connections that it keeps.
func ask(url, token string, rate, clients int, lasts time.Duration) (r *result) {
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
				if !once(client, url, token) {
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

func once(client *http.Client, url, token string) bool {
	request, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		return false
	}
	request.Header.Set("Authorization", token)
	reply, err := client.Do(request)
	if err != nil {
		return false
	}
	defer reply.Body.Close()
	_, err = io.Copy(io.Discard, reply.Body)
	return err == nil && reply.StatusCode == http.StatusOK
}
