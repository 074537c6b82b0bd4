package main

import (
	"fmt"
	"strings"
)

// around is how many lines around a difference are shown.
const around = 3

// edit is one line of a comparison: ' ' in both, '-' only wanted, '+' only got.
type edit struct {
	mark byte
	line string
}

// unified shows the difference of two texts as `diff -u` does.
func unified(want, got, wantName, gotName string) string {
	edits := compare(split(want), split(got))
	var out strings.Builder
	fmt.Fprintf(&out, "--- %s\n+++ %s\n", wantName, gotName)
	wantAt, gotAt := 1, 1
	for i := 0; i < len(edits); {
		from, to := hunk(edits, i)
		for ; i < from; i++ {
			wantAt, gotAt = wantAt+1, gotAt+1
		}
		if from == to {
			break
		}
		wants, gots := counts(edits[from:to])
		fmt.Fprintf(&out, "@@ -%d,%d +%d,%d @@\n", wantAt, wants, gotAt, gots)
		for ; i < to; i++ {
			fmt.Fprintf(&out, "%c%s\n", edits[i].mark, edits[i].line)
		}
		wantAt, gotAt = wantAt+wants, gotAt+gots
	}
	return out.String()
}

// hunk finds the next run of differences from i on, with the lines around it;
// runs whose surroundings touch are one. from equals to when there is none.
func hunk(edits []edit, i int) (from, to int) {
	for i < len(edits) && edits[i].mark == ' ' {
		i++
	}
	if i == len(edits) {
		return i, i
	}
	from, to = max(0, i-around), i
	for alike := 0; i < len(edits) && alike <= 2*around; i++ {
		alike++
		if edits[i].mark != ' ' {
			alike, to = 0, i+1
		}
	}
	return from, min(len(edits), to+around)
}

func counts(edits []edit) (want, got int) {
	for _, e := range edits {
		if e.mark != '+' {
			want++
		}
		if e.mark != '-' {
			got++
		}
	}
	return want, got
}

func split(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(strings.TrimSuffix(text, "\n"), "\n")
}

// compare finds a shortest way from a to b, by the longest common subsequence:
// scenarios are short, so that the square of their length is nothing.
func compare(a, b []string) []edit {
	common := make([][]int, len(a)+1) // of a[i:] and b[j:]
	for i := range common {
		common[i] = make([]int, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			common[i][j] = max(common[i+1][j], common[i][j+1])
			if a[i] == b[j] {
				common[i][j] = common[i+1][j+1] + 1
			}
		}
	}
	var edits []edit
	i, j := 0, 0
	for i < len(a) || j < len(b) {
		switch {
		case i < len(a) && j < len(b) && a[i] == b[j]:
			edits = append(edits, edit{' ', a[i]})
			i, j = i+1, j+1
		case j == len(b) || i < len(a) && common[i+1][j] >= common[i][j+1]:
			edits = append(edits, edit{'-', a[i]})
			i++
		default:
			edits = append(edits, edit{'+', b[j]})
			j++
		}
	}
	return edits
}
