package trace

import "strings"

// Expected is the output that a scenario expects: all of its text but comments
// and empty lines, with the blanks cut off that stand at the end of a line.
func Expected(scenario string) string {
	var out strings.Builder
	for line := range strings.Lines(scenario) {
		line = strings.TrimRight(line, " \t\r\n")
		if line != "" && line[0] != '#' {
			out.WriteString(line + "\n")
		}
	}
	return out.String()
}
