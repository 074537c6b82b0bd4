package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// usage is what the worker holds now.
func (w *worker) usage() usage {
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
func processUsage() usage {
	u := usage{}
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

// quiet is the usage once nothing of the worker's own is open. Where there is
// a start to come back to, it waits for that a little.
func (w *worker) quiet(start usage) usage {
	u := usage{}
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		w.pool.CloseIdleConnections()
		w.sources.CloseIdleConnections()
		was := u
		if u = w.usage(); start == nil && u["goroutines"] == was["goroutines"] && u["sessions"] == 0 {
			break
		}
		if start != nil && back(start, u) {
			break
		}
	}
	return maps.Clone(u)
}

func back(start, now usage) bool {
	for _, b := range bounds {
		if b.back && now[b.name] > start[b.name] {
			return false
		}
	}
	return true
}

func (w *worker) totals() map[string]int64 {
	w.lock.Lock()
	defer w.lock.Unlock()
	fetched := w.passed
	for _, s := range w.lasting {
		fetched += s.Status().Installs
	}
	return map[string]int64{"calls": w.calls.Load(), "failed": w.failed.Load(), "refreshes": fetched,
		"sessions": w.opened.Load(), "rejected": w.rejected.Load()}
}

func (w *worker) tell(line map[string]any) {
	w.lock.Lock()
	defer w.lock.Unlock()
	_ = w.lines.Encode(line) // a reader that has gone ends the process
}

// leak holds on to something, once for each sample, where that is asked for.
func (w *worker) leak() {
	switch w.job.Leak {
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
