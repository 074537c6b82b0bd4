package command

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/evercreds/evercreds"
	"github.com/evercreds/evercreds/cmd/evercreds/internal/roles"
)

// roleStatus is what is told of a role; docs/guides/command.md explains its fields.
type roleStatus struct {
	Name          string     `json:"name"`
	Phase         string     `json:"phase"`
	Expiry        *time.Time `json:"expiry,omitempty"`
	RemainingS    int64      `json:"remaining_s"`
	NextRefresh   *time.Time `json:"next_refresh,omitempty"`
	NextAttempt   *time.Time `json:"next_attempt,omitempty"`
	Refreshing    bool       `json:"refreshing"`
	Degraded      bool       `json:"degraded"`
	Refreshes     int64      `json:"refreshes"`
	Failures      int64      `json:"failures"`
	Share         string     `json:"share"`
	LastError     string     `json:"last_error,omitempty"`
	LastErrorCode string     `json:"last_aws_error_code,omitempty"`
	NeedsCode     bool       `json:"needs_code"`
	ClockOffsetS  *int64     `json:"clock_offset_s,omitempty"`
	Chain         []string   `json:"chain"`
	Path          string     `json:"path,omitempty"`
	TokenFile     string     `json:"token_file,omitempty"`
}

func report(s *served) roleStatus {
	status := reportOf(s.role.Name, s.opened)
	status.Path, status.TokenFile = "/credentials/"+s.role.Name, s.tokenFile
	return status
}

func reportOf(name string, opened *roles.Opened) roleStatus {
	s := opened.Session.Status()
	status := roleStatus{
		Name: name, Phase: s.Phase.String(), Refreshing: s.Refreshing, Degraded: s.Degraded,
		Refreshes: s.Installs, Failures: s.Failures, Share: s.Share.String(), Chain: opened.Chain,
		RemainingS: int64(s.Remaining / time.Second), NextAttempt: instant(s.NextAttempt),
		NeedsCode: opened.Attended && (s.Phase == evercreds.PhaseEmpty || s.Phase == evercreds.PhaseExpired),
	}
	if status.Expiry = instant(s.Expiry); status.Expiry != nil {
		status.NextRefresh = instant(s.Expiry.Add(-s.AdvisoryTimeout))
	}
	if off, ok := opened.Clock.Offset(); ok {
		seconds := int64(off / time.Second)
		status.ClockOffsetS = &seconds
	}
	if s.LastError != nil {
		status.LastError, status.LastErrorCode = s.LastError.Error(), s.LastError.AWSErrorCode
	}
	return status
}

func instant(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC().Truncate(time.Second)
	return &t
}

func statusCommand() *cobra.Command {
	from, asJSON, socket := &source{}, false, ""
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show the roles of the server, or fetch one role and show it",
		Long: `Show the roles of the evercreds serve that runs here. With a role's flags: fetch its
credentials, or find them in this machine's store, and show their state.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var all []roleStatus
			if from.name != "" || from.sts.RoleARN != "" || from.profile != "" || from.iot.Endpoint != "" {
				opened, err := from.open(cmd.Context())
				if err != nil {
					return err
				}
				defer opened.Close()
				_, failed := retrieve(cmd.Context(), opened)
				status := reportOf(opened.Role.Name, opened)
				if err := printStatuses(cmd.OutOrStdout(), []roleStatus{status}, asJSON, time.Now()); err != nil {
					return err
				}
				return failed
			}
			if err := call(cmd.Context(), socket, "status", request{}, &all); err != nil {
				return err
			}
			return printStatuses(cmd.OutOrStdout(), all, asJSON, time.Now())
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	cmd.Flags().StringVar(&socket, "control", "", "the server's control `SOCKET` (default: as serve's)")
	from.add(cmd)
	return cmd
}

func printStatuses(w io.Writer, all []roleStatus, asJSON bool, now time.Time) error {
	if asJSON {
		return writeJSON(w, all)
	}
	for _, s := range all {
		if _, err := fmt.Fprintln(w, s.line(now)); err != nil {
			return err
		}
		fmt.Fprintf(w, "    source: %s\n", strings.Join(s.Chain, " <- "))
		if off := s.ClockOffsetS; off != nil {
			fmt.Fprintf(w, "    clock: %s\n", clockText(*off))
		}
		if s.LastError != "" {
			fmt.Fprintf(w, "    last failure: %s\n", s.LastError)
		}
		if s.NeedsCode {
			fmt.Fprintf(w, "    needs a one-time code: evercreds mfa %s\n", s.Name)
		}
		if s.TokenFile != "" {
			fmt.Fprintf(w, "    path: %s  token file: %s\n", s.Path, s.TokenFile)
		}
	}
	return nil
}

// clockText says how far this machine's clock is off, by a header with whole seconds.
func clockText(off int64) string {
	switch {
	case off > 1:
		return fmt.Sprintf("%d s ahead of AWS's", off)
	case off < -1:
		return fmt.Sprintf("%d s behind AWS's", -off)
	}
	return "as AWS's, within 2 s"
}

// line is the state of a role in one line.
func (s roleStatus) line(now time.Time) string {
	text := s.Name + ": " + s.Phase
	if s.Expiry != nil {
		text += fmt.Sprintf(", expires %s (in %s)", s.Expiry.Format(time.RFC3339), s.Expiry.Sub(now).Round(time.Second))
		if s.NextRefresh != nil && s.NextRefresh.After(now) {
			text += fmt.Sprintf(", refresh in %s", s.NextRefresh.Sub(now).Round(time.Second))
		}
	}
	if s.Refreshing {
		text += ", refreshing"
	}
	if s.Degraded {
		text += ", degraded"
	}
	return fmt.Sprintf("%s, %d refreshes, %d failures", text, s.Refreshes, s.Failures)
}
