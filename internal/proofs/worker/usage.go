package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

// usage is what the worker holds now.
func (w *worker) usage() map[string]float64 {
	for range 2 { // what the first one finds unused may hold on to more
		runtime.GC()
	}
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	u := processUsage()
	u["threads of Go"] = u["threads"]
	delete(u, "threads")
	u["heap bytes"] = float64(memory.HeapAlloc)
	u["goroutines"] = float64(runtime.NumGoroutine())
	u["sessions"] = float64(w.opened.Load() - w.collected.Load())
	return u
}

// processUsage is what Linux tells of this process.
func processUsage() map[string]float64 {
	u := map[string]float64{}
	text, _ := os.ReadFile("/proc/self/status")
	for line := range strings.Lines(string(text)) {
		var n float64
		if _, err := fmt.Sscanf(line, "VmRSS: %f kB", &n); err == nil {
			u["resident bytes"] = n * 1024
		}
		if _, err := fmt.Sscanf(line, "Threads: %f", &n); err == nil {
			u["threads"] = n
		}
	}
	files, _ := filepath.Glob("/proc/self/fd/*")
	for _, file := range files {
		to, err := os.Readlink(file)
		if err != nil {
			continue // what the listing itself had open
		}
		u["descriptors"]++
		if strings.HasPrefix(to, "socket:") {
			u["sockets"]++
		}
	}
	return u
}

// settled is the usage once nothing of the worker's own is open, and the named
// numbers are no more than at the start, or, without one, stay the same. It waits a
// little for that.
func (w *worker) settled(names []string, start map[string]float64) (u map[string]float64) {
	u = w.usage()
	for end := time.Now().Add(15 * time.Second); time.Now().Before(end); {
		w.pool.CloseIdleConnections()
		w.sources.CloseIdleConnections()
		time.Sleep(300 * time.Millisecond)
		was := u
		u = w.usage()
		moves := func(name string) bool {
			return start == nil && u[name] != was[name] || start != nil && u[name] > start[name]
		}
		if !slices.ContainsFunc(names, moves) {
			break
		}
	}
	return u
}

// leak holds on to something, once for each sample, where that is asked for.
func (w *worker) leak(kind string) {
	w.lock.Lock()
	defer w.lock.Unlock()
	switch kind {
	case "thread":
		for range 4 {
			go func() { select {} }()
		}
	case "fd":
		for range 2 {
			if file, err := os.Open("/dev/null"); err == nil {
				w.kept = append(w.kept, file)
			}
		}
	case "memory":
		w.kept = append(w.kept, make([]byte, 256<<10))
	}
}
