package command

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

func watchCommand() *cobra.Command {
	socket, asJSON, every := "", false, time.Second
	cmd := &cobra.Command{
		Use:   "watch",
		Short: "Watch the roles of the server",
		Long: `Watch the roles of the evercreds serve that runs here: a view that changes on a
terminal, and in a pipe a line for each change.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			w := cmd.OutOrStdout()
			return watch(cmd.Context(), w, socket, asJSON, isTerminalOut(w) && !asJSON, every)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print a JSON object for each change")
	cmd.Flags().StringVar(&socket, "control", "", "the server's control `SOCKET` (default: as serve's)")
	cmd.Flags().DurationVar(&every, "every", time.Second, "look once in this `TIME`")
	return cmd
}

func watch(ctx context.Context, w io.Writer, socket string, asJSON, live bool, every time.Duration) error {
	last, drawn := map[string]string{}, 0
	tick := time.NewTicker(max(every, 50*time.Millisecond))
	defer tick.Stop()
	for {
		var all []roleStatus
		if err := call(ctx, socket, "status", request{}, &all); err != nil {
			return err
		}
		switch {
		case live:
			if drawn > 0 {
				fmt.Fprintf(w, "\x1b[%dA", drawn)
			}
			for _, s := range all {
				fmt.Fprintf(w, "\x1b[2K%s %s\n", bar(s), s.line(time.Now()))
			}
			drawn = len(all)
		default:
			for _, s := range all {
				if mark := s.mark(); last[s.Name] != mark {
					last[s.Name] = mark
					if err := writeChange(w, s, asJSON); err != nil {
						return err
					}
				}
			}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// mark changes whenever there is something to tell.
func (s roleStatus) mark() string {
	return fmt.Sprint(s.Phase, s.Expiry, s.Degraded, s.Refreshes, s.Failures, s.LastErrorCode)
}

func writeChange(w io.Writer, s roleStatus, asJSON bool) error {
	if asJSON {
		return writeJSON(w, s)
	}
	now := time.Now()
	_, err := fmt.Fprintf(w, "%s %s\n", now.UTC().Format(time.RFC3339), s.line(now))
	return err
}

// bar shows how much life is left, in the colour of the phase.
func bar(s roleStatus) string {
	colour := map[string]string{"fresh": "32", "advisory": "33", "mandatory": "35", "expired": "31", "empty": "31"}[s.Phase]
	full := 10
	if s.RemainingS < 3600 {
		full = int(s.RemainingS * 10 / 3600)
	}
	return "\x1b[" + colour + "m" + strings.Repeat("#", full) + strings.Repeat(".", 10-full) + "\x1b[0m"
}
