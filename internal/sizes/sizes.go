package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"text/tabwriter"
)

// kB and MB are the units of the budgets, in bytes: the decimal ones, which
// are the stricter reading.
const (
	kB = 1_000
	MB = 1_000_000
)

// An artefact is a file that users download, with the most it may weigh.
type artefact struct {
	// name is the file's name in the build directory.
	name string
	// budget is in bytes, of the file on disk or, with gzipped, compressed.
	budget  int64
	gzipped bool
}

// artefacts lists what is shipped for the operating system goos.
func artefacts(goos string) []artefact {
	library := "libevercreds.so"
	if goos == "darwin" {
		library = "libevercreds.dylib"
	}
	return []artefact{
		// A page loads the module over the network, where it travels compressed.
		{name: "evercreds.wasm", budget: 620 * kB, gzipped: true},
		{name: library, budget: 2 * MB},
	}
}

// report writes a line for each artefact in dir and a closing line to w, and
// returns how many are over their budget.
func report(w io.Writer, dir string, list []artefact) (over int, err error) {
	table := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	fmt.Fprintln(table, "artefact\tbytes\tgzipped\tbudget\tleft\t")
	for _, a := range list {
		content, err := os.ReadFile(filepath.Join(dir, a.name))
		if err != nil {
			return 0, err
		}
		raw := int64(len(content))
		compressed, err := gzippedSize(content)
		if err != nil {
			return 0, err
		}
		left, how, verdict := a.budget-raw, "on disk", ""
		if a.gzipped {
			left, how = a.budget-compressed, "gzipped"
		}
		if left < 0 {
			over++
			verdict = "OVER BUDGET"
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s %s\t%s\t%s\n", a.name,
			grouped(raw), grouped(compressed), grouped(a.budget), how, grouped(left), verdict)
	}
	if err := table.Flush(); err != nil {
		return 0, err
	}
	_, err = fmt.Fprintf(w, "sizes: %d artefacts, %d over budget\n", len(list), over)
	return over, err
}

// gzippedSize returns the length in bytes of content under the best compression.
func gzippedSize(content []byte) (int64, error) {
	var out bytes.Buffer
	z, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return 0, err
	}
	if _, err := z.Write(content); err != nil {
		return 0, err
	}
	if err := z.Close(); err != nil {
		return 0, err
	}
	return int64(out.Len()), nil
}

// grouped writes n with a comma between groups of three digits.
func grouped(n int64) string {
	if n < 0 {
		return "-" + grouped(-n)
	}
	digits := strconv.FormatInt(n, 10)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}
