package main

import (
	"context"
	"strings"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
)

// notifier tells systemd what the service is at (sd_notify(3)). Started by somebody else, without NOTIFY_SOCKET, it is silent. A message that
// cannot be sent is not an error of the sensor: systemd sees that it is missing. Safe for use by several goroutines.
type notifier struct {
	watchdog time.Duration // how long systemd waits for a ping (WatchdogSec); 0: it does not
}

// newNotifier reads from the environment what systemd wants to hear. A watchdog time that cannot be read is none.
func newNotifier() *notifier {
	interval, err := daemon.SdWatchdogEnabled(false)
	if err != nil {
		interval = 0
	}
	return &notifier{watchdog: interval}
}

// ready says that the service captures, or that it has done reloading.
func (n *notifier) ready() { n.send(daemon.SdNotifyReady) }

// stopping says that the service ends. It may be said twice.
func (n *notifier) stopping() { n.send(daemon.SdNotifyStopping) }

// reloading says that the rules are read anew; ready ends it. The time is what Type=notify-reload asks for.
func (n *notifier) reloading() {
	n.send(daemon.SdNotifyReloading + "\n" + daemon.SdNotifyMonotonicUsec())
}

// status says in one line what `systemctl status` shows. Guard: a line break in the text would begin another message (MAINPID=1).
func (n *notifier) status(text string) { n.send("STATUS=" + strings.ReplaceAll(text, "\n", " ")) }

func (n *notifier) send(message string) {
	daemon.SdNotify(false, message) // see notifier: nobody could be told
}

// watch pings the watchdog at half its time until ctx is done, but only where progress, which grows with every frame and tick, has gone on since
// the ping before: a road that is stuck is restarted, however lively this goroutine is.
func (n *notifier) watch(ctx context.Context, progress func() uint64) {
	if n.watchdog <= 0 {
		return
	}
	beat := time.NewTicker(max(n.watchdog/2, time.Microsecond))
	defer beat.Stop()
	for pinged := progress(); ; {
		select {
		case <-ctx.Done():
			return
		case <-beat.C:
		}
		if now := progress(); now != pinged {
			pinged = now
			n.send(daemon.SdNotifyWatchdog)
		}
	}
}
