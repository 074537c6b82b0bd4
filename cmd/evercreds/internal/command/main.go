// Package command has the commands of evercreds.
package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/evercreds/evercreds/cmd/evercreds/internal/problem"
)

// exitCode is how a command ends whose own exit code is passed on.
type exitCode int

func (e exitCode) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

// Main runs the command, and returns its exit code.
func Main(ctx context.Context, args []string) int {
	root, out := New(), &sink{to: os.Stdout}
	root.SetArgs(args)
	root.SetOut(out)
	err := root.ExecuteContext(ctx)
	if err == nil && out.err != nil {
		err = problem.Other.New("the output cannot be written: %v", out.err)
	}
	var passed exitCode
	if err == nil {
		return 0
	} else if errors.As(err, &passed) {
		return int(passed)
	}
	sorted := problem.Sort(err)
	fmt.Fprintf(os.Stderr, "evercreds: %s\n", sorted)
	if sorted.Kind.Do != "Nothing." && isTerminal(os.Stderr) {
		fmt.Fprintf(os.Stderr, "  %s\n", sorted.Kind.Do)
	}
	return sorted.Kind.Exit
}

// New makes the tree of commands.
func New() *cobra.Command {
	root := &cobra.Command{
		Use:   "evercreds",
		Short: "Fresh AWS credentials for any SDK and any tool",
		Long: `evercreds keeps temporary AWS credentials fresh for programs in any language, by
AWS's own contracts: the container credentials endpoint, credential_process, IMDSv2.`,
		SilenceErrors: true, SilenceUsage: true, Version: version(),
		Args:              cobra.NoArgs,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error { return refuseEmpty(cmd.Flags()) },
		RunE:              func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return flagError(err) })
	root.AddCommand(
		runCommand(), serveCommand(), processCommand(), cacheCommand(), exportCommand(), whoamiCommand(),
		statusCommand(), watchCommand(), doctorCommand(), mfaCommand(), reloadCommand(), schemaCommand(),
	)
	wrapArgs(root)
	return root
}

// wrapArgs has wrong arguments end as wrong flags do.
func wrapArgs(c *cobra.Command) {
	if check := c.Args; check != nil {
		c.Args = func(cmd *cobra.Command, args []string) error {
			if err := check(cmd, args); err != nil {
				return problem.Usage.Of(err)
			}
			return nil
		}
	}
	for _, sub := range c.Commands() {
		wrapArgs(sub)
	}
}

// released is the version of a program that is no build of go install: ./task package sets it.
var released string

func version() string {
	if released != "" {
		return released
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}

// sink is where a command writes. It remembers that it could not: half an output that ends
// with exit code 0 would be taken for a whole one.
type sink struct {
	to  *os.File
	err error
}

func (s *sink) Write(p []byte) (int, error) {
	n, err := s.to.Write(p)
	if err != nil && s.err == nil {
		s.err = err
	}
	return n, err
}

// plain is what a command's output goes to.
func plain(w io.Writer) io.Writer {
	if s, ok := w.(*sink); ok {
		return s.to
	}
	return w
}

func isTerminal(f *os.File) bool { return term.IsTerminal(int(f.Fd())) }

// isTerminalOut reports whether a command's output goes to a terminal.
func isTerminalOut(w io.Writer) bool {
	f, ok := plain(w).(*os.File)
	return ok && isTerminal(f)
}
