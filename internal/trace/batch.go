package trace

import (
	"bufio"
	"io"
	"strings"
)

// End is the line behind each scenario of a batch, and behind its answers. It
// can be neither an event nor an answer.
const End = "==="

// Batch reads scenarios and has each replayed by itself. It ends at the first
// that cannot be.
func Batch(in io.Reader, out io.Writer, replay func(in io.Reader, out io.Writer) error) error {
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 1<<20)
	var scenario strings.Builder
	for lines.Scan() {
		if line := lines.Text(); line != End {
			scenario.WriteString(line + "\n")
			continue
		}
		if err := replay(strings.NewReader(scenario.String()), out); err != nil {
			return err
		}
		if _, err := io.WriteString(out, End+"\n"); err != nil {
			return err
		}
		scenario.Reset()
	}
	return lines.Err()
}
