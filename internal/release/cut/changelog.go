package cut

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

const unreleased = "## [Unreleased]"

var (
	heading = regexp.MustCompile(`(?m)^## \[.*$`)
	link    = regexp.MustCompile(`(?m)^\[Unreleased\]: (https://\S+)/(?:commits/\S+|compare/(\S+)\.\.\.\S+)$`)
)

// changelog turns what is unreleased into the release's section, with links to what changed
// (https://keepachangelog.com/en/1.1.0/). It refuses a page that has nothing to tell.
func changelog(page, version, date string) (string, error) {
	if strings.Contains(page, "## ["+version+"]") {
		return "", fmt.Errorf("CHANGELOG.md has a section %s already", version)
	}
	before, section, found := strings.Cut(page, unreleased+"\n")
	if !found {
		return "", fmt.Errorf("CHANGELOG.md has no section %q", unreleased)
	}
	if next := heading.FindStringIndex(section); next != nil {
		section = section[:next[0]]
	}
	told := section
	if at := link.FindStringIndex(told); at != nil {
		told = told[:at[0]]
	}
	if !strings.Contains(told, "\n- ") {
		return "", fmt.Errorf("CHANGELOG.md tells nothing under %q: what do users notice?", unreleased)
	}
	at := link.FindStringSubmatch(page)
	if at == nil {
		return "", errors.New("CHANGELOG.md has no link [Unreleased] to the commits or to a comparison")
	}
	repository, last := at[1], at[2]
	what := repository + "/releases/tag/v" + version
	if last != "" {
		what = repository + "/compare/" + last + "...v" + version
	}
	links := fmt.Sprintf("[Unreleased]: %s/compare/v%s...main\n[%s]: %s", repository, version, version, what)
	page = before + unreleased + fmt.Sprintf("\n\n## [%s] - %s\n", version, date) + page[len(before)+len(unreleased)+1:]
	return strings.Replace(page, at[0], links, 1), nil
}
