package command

import (
	"context"
	"net"
	"os"
	"strconv"
	"time"
)

// notify tells systemd a state, where it has started this process: sd_notify(3).
func notify(state string) {
	address := os.Getenv("NOTIFY_SOCKET")
	if address == "" {
		return
	}
	if address[0] == '@' {
		address = "\x00" + address[1:]
	}
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: address, Net: "unixgram"})
	if err != nil {
		return
	}
	defer conn.Close()
	_, _ = conn.Write([]byte(state))
}

// watchdog tells systemd that this process lives, twice in the time that it is given.
func watchdog(ctx context.Context) {
	us, err := strconv.Atoi(os.Getenv("WATCHDOG_USEC"))
	if err != nil || us < 2000 {
		return
	}
	tick := time.NewTicker(time.Duration(us) * time.Microsecond / 2)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			notify("WATCHDOG=1")
		case <-ctx.Done():
			return
		}
	}
}

// inherited is the listening socket that systemd holds for this process, so that a
// restart refuses nobody: sd_listen_fds(3).
func inherited() (net.Listener, error) {
	if pid, err := strconv.Atoi(os.Getenv("LISTEN_PID")); err != nil || pid != os.Getpid() {
		return nil, nil
	}
	if n, err := strconv.Atoi(os.Getenv("LISTEN_FDS")); err != nil || n < 1 {
		return nil, nil
	}
	file := os.NewFile(3, "systemd")
	defer file.Close()
	return net.FileListener(file)
}
