package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

var (
	pictured = regexp.MustCompile(`^!\[.*\]\((.+\.svg)\)$`)
	measured = regexp.MustCompile(`^\| (.+) \| ([\d.]+ \S+) \| .+ \| ([\d.]+)x \|$`)
)

// What is committed was drawn by one run or put together from several: each table must
// agree with its chart, and its ratios with its medians.
func TestThePagesTablesAndChartsAgree(t *testing.T) {
	const dir = "../../docs/evidence"
	text, err := os.ReadFile(filepath.Join(dir, "benchmarks.md"))
	if err != nil {
		t.Fatal(err)
	}
	var chart, first string
	rows := 0
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSuffix(line, "\n")
		if m := pictured.FindStringSubmatch(line); m != nil {
			svg, err := os.ReadFile(filepath.Join(dir, m[1]))
			if err != nil {
				t.Fatal(err)
			}
			chart, first = string(svg), ""
			continue
		}
		m := measured.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		rows++
		if !strings.Contains(chart, ">"+m[2]+"<") {
			t.Errorf("the chart does not show %s of %q", m[2], line)
		}
		if first == "" {
			first = m[2]
		}
		// A ratio is the median of the rounds' ratios, which is near that of the medians.
		of := amount(t, m[2]) / amount(t, first)
		says, _ := strconv.ParseFloat(m[3], 64)
		if says > 0.1 && (says < of/2 || says > of*2) {
			t.Errorf("%q: the ratio of the medians is %.2f", line, of)
		}
	}
	if rows < 60 {
		t.Errorf("the page has %d measured rows", rows)
	}
}

// amount reads "55.2 ns"; all amounts of a table have one unit, or differ by thousands.
func amount(t *testing.T, text string) float64 {
	t.Helper()
	number, unit, _ := strings.Cut(text, " ")
	value, err := strconv.ParseFloat(number, 64)
	scale, known := map[string]float64{
		"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1, "B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "kB": 1e3, "MB": 1e6,
	}[unit]
	if err != nil || !known {
		t.Errorf("%q is no amount that this test knows", text)
	}
	return value * scale
}
