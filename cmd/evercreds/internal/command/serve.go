package command

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/evercreds/evercreds/cmd/evercreds/internal/endpoint"
	"github.com/evercreds/evercreds/cmd/evercreds/internal/problem"
	"github.com/evercreds/evercreds/cmd/evercreds/internal/roles"
)

const defaultListen = "127.0.0.1:9911"

// serving has the flags of serve.
type serving struct {
	from                           source
	listen, control, tokenDir, log string
	imds                           string
	metrics                        bool
	hosts                          []string
}

func serveCommand() *cobra.Command {
	s := &serving{}
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Serve credentials to SDKs on loopback, and keep them fresh",
		Long: `Serve the container credentials endpoint on loopback: each role of the configuration
file at /credentials/ROLE, with a token of its own. SIGHUP and "evercreds reload" read its
roles again. "evercreds status" shows the roles, and "evercreds mfa ROLE" gives a code.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return s.run(cmd) },
	}
	f := cmd.Flags()
	f.StringVar(&s.listen, "listen", "", "where to listen, `HOST:PORT` (default "+defaultListen+")")
	f.StringVar(&s.control, "control", "", "the control `SOCKET` (default: in the user's runtime directory)")
	f.StringVar(&s.tokenDir, "token-dir", "", "the `DIRECTORY` of the token files (default: beside the socket)")
	f.StringVar(&s.imds, "imds", "", "serve this `ROLE` by IMDSv2 too, to every program of this machine")
	f.BoolVar(&s.metrics, "metrics", false, "serve Prometheus metrics at /metrics, without a token")
	f.StringArrayVar(&s.hosts, "host", nil, "another `NAME` that requests may come to; repeatable")
	f.StringVar(&s.log, "log-level", "info", "the `LEVEL`: debug, info, warn or error")
	s.from.add(cmd)
	return cmd
}

// file is the configuration with what the flags say.
func (s *serving) file() (*roles.File, error) {
	role, file, err := s.from.role()
	if err != nil {
		return nil, err
	}
	if s.from.name != "" { // this role alone, with those that it stands on
		only := map[string]*roles.Role{}
		for at := role; at != nil; at = file.Roles[at.SourceRole] {
			only[at.Name] = at
		}
		file.Roles = only
	} else if len(file.Roles) == 0 || role.STS != nil || role.IoT != nil || role.Profile != "" {
		role.Name = "default"
		file.Roles = map[string]*roles.Role{"default": role}
	}
	if s.listen != "" {
		file.Listen = s.listen
	}
	if file.Listen == "" {
		file.Listen = defaultListen
	}
	if s.imds != "" {
		file.IMDS = s.imds
		if file.Roles[s.imds] == nil {
			return nil, problem.Usage.New("--imds: there is no role %q", s.imds)
		}
	}
	file.Metrics = file.Metrics || s.metrics
	file.Hosts = append(slices.Clone(file.Hosts), s.hosts...)
	return file, nil
}

func (s *serving) run(cmd *cobra.Command) error {
	file, err := s.file()
	if err != nil {
		return err
	}
	var level slog.Level
	if err := level.UnmarshalText([]byte(s.log)); err != nil {
		return problem.Usage.New("--log-level: must be debug, info, warn or error; got %q", s.log)
	}
	logger := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer signal.Stop(signals)
	socket, err := socketOf(s.control)
	if err != nil {
		return err
	}
	control, err := listenControl(socket)
	if err != nil {
		return err
	}
	defer control.Close()
	if s.tokenDir == "" {
		s.tokenDir = filepath.Join(filepath.Dir(socket), "tokens")
	}
	if err := makePrivate(s.tokenDir); err != nil {
		return err
	}
	listener, err := listen(file.Listen)
	if err != nil {
		return err
	}
	defer listener.Close()
	server := endpoint.New(endpoint.Config{Hosts: file.Hosts, Metrics: file.Metrics})
	d := &desk{server: server, tokenDir: s.tokenDir, share: !s.from.noShare, logger: logger}
	server.Gauges = d.gauges
	if err := d.load(cmd.Context(), file); err != nil {
		return err
	}
	defer d.close()
	out := plain(cmd.OutOrStdout()) // a reader that has gone is no failure of the server's
	for _, role := range d.list() {
		fmt.Fprintf(out, "http://%s%s token-file %s\n", listener.Addr(), endpoint.Path(role.role.Name), role.tokenFile)
	}
	fmt.Fprintln(out, "ready")
	return s.loop(cmd.Context(), d, file, listener, control, signals)
}

// loop serves until a signal, or until one of the servers fails. began is the file as it was
// then.
func (s *serving) loop(ctx context.Context, d *desk, began *roles.File, listener, control net.Listener, signals <-chan os.Signal) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	reload := func() error {
		notify(fmt.Sprintf("RELOADING=1\nMONOTONIC_USEC=%d", monotonicUS()))
		defer notify("READY=1")
		file, err := s.file()
		if err == nil {
			err = d.load(ctx, file)
		}
		if err != nil {
			d.logger.Error("the configuration was not reloaded; all roles stay as they are", "error", err)
			return err
		}
		d.logger.Info("the configuration was reloaded", "roles", len(file.Roles))
		if file.Listen != began.Listen || file.Metrics != began.Metrics || !slices.Equal(file.Hosts, began.Hosts) {
			d.logger.Warn("listen, hosts and metrics stay as they were until a restart")
		}
		return nil
	}
	controlServer := &http.Server{Handler: d.control(reload), ReadHeaderTimeout: 5 * time.Second}
	failed := make(chan error, 2)
	go func() { failed <- d.server.Serve(listener) }()
	go func() {
		if err := controlServer.Serve(control); !errors.Is(err, http.ErrServerClosed) {
			failed <- err
		}
	}()
	go watchdog(ctx)
	notify("READY=1")
	for {
		select {
		case err := <-failed:
			return problem.Listen.New("the server has failed: %v", err)
		case <-ctx.Done():
		case got := <-signals:
			if got == syscall.SIGHUP {
				_ = reload() // it has logged what is wrong
				continue
			}
		}
		notify("STOPPING=1")
		patience, end := context.WithTimeout(context.Background(), 5*time.Second)
		defer end()
		_ = d.server.Shutdown(patience)
		_ = controlServer.Close()
		return nil
	}
}

// listen listens at an address where nobody but this machine comes: SDKs allow http
// nowhere else, and credentials have no business there.
func listen(address string) (net.Listener, error) {
	if l, err := inherited(); l != nil || err != nil {
		return l, err
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, problem.Config.New("listen: must be HOST:PORT; got %q", address)
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return nil, problem.Config.New("listen: the port must be 0 to 65535; got %q", port)
	}
	ip, err := netip.ParseAddr(host)
	if host != "localhost" && (err != nil || !ip.Unmap().IsLoopback() && !ip.Unmap().IsLinkLocalUnicast() && ip.String() != "fd00:ec2::23") {
		return nil, problem.Config.New("listen: must be an address of loopback, or one of those that SDKs know as a container's (169.254.170.2, 169.254.170.23, fd00:ec2::23); got %q", host)
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, problem.Listen.Of(err)
	}
	return l, nil
}
