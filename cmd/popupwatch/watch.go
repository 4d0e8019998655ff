package main

import (
	"fmt"
	"io"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"

	"popupwatch/decoders"
	"popupwatch/sensor"
	"popupwatch/sensor/capture"
)

// progressEvery is how often progress is shown; checkEvery how many frames pass between looks at the clock.
const (
	progressEvery = 500 * time.Millisecond
	checkEvery    = 1 << 14
)

// watched is the captures with an ear for signals and, on a terminal, a line that says how far they are. The clock is read here only, for
// people: nothing of it reaches an event.
type watched struct {
	*capture.Files
	stopped atomic.Bool
	frames  uint64
	show    func(frames uint64)
}

// Next gives the next frame, until the end or the first signal.
func (w *watched) Next() (decoders.Frame, error) {
	if w.frames%checkEvery == 0 {
		if w.stopped.Load() {
			return decoders.Frame{}, io.EOF
		}
		if w.show != nil {
			w.show(w.frames)
		}
	}
	w.frames++
	return w.Files.Next()
}

// watch makes a source of the captures. The first SIGINT or SIGTERM ends the input, the second the process (130, 143). stop ends the
// watching and says whether a signal ended the input.
func watch(files *capture.Files, road *sensor.Sensor, d *delivery, std stdio, quiet bool) (src *watched, stop func() bool) {
	src = &watched{Files: files}
	if terminal(std.err) && !quiet {
		src.show = progress(files, road, std.err)
	}
	end := stopAt(func() { src.stopped.Store(true); d.hurry() }, syscall.SIGINT, syscall.SIGTERM)
	return src, func() bool {
		end()
		if src.show != nil {
			fmt.Fprint(std.err, "\r\x1b[K")
		}
		return src.stopped.Load()
	}
}

// left shows, where progress is shown, how many documents are still to be delivered.
func (w *watched) left(to io.Writer) func(int64) {
	if w.show == nil {
		return func(int64) {}
	}
	return func(n int64) { fmt.Fprintf(to, "\r\x1b[Kdelivering, %d events left", n) }
}

// stopAt calls stop at the first of these signals, and ends the process at the second (130, 143). end ends the listening.
func stopAt(stop func(), these ...os.Signal) (end func()) {
	signals, done := make(chan os.Signal, 2), make(chan struct{})
	signal.Notify(signals, these...)
	go func() {
		defer close(done)
		var stopping time.Time
		for s := range signals {
			switch {
			case stopping.IsZero():
				stopping = time.Now()
				stop()
			case time.Since(stopping) > sameSignal:
				os.Exit(128 + int(s.(syscall.Signal)))
			}
		}
	}()
	return func() {
		signal.Stop(signals)
		close(signals)
		<-done
	}
}

// progress writes bytes done of total, frames a second, popups and the time left, twice a second.
func progress(files *capture.Files, road *sensor.Sensor, to io.Writer) func(uint64) {
	began := time.Now()
	last := began
	return func(frames uint64) {
		now := time.Now()
		if now.Sub(last) < progressEvery {
			return
		}
		last = now
		elapsed := now.Sub(began)
		done, total := files.Progress()
		line := fmt.Sprintf("%s read", bytesText(done))
		if total > 0 {
			left := time.Duration(float64(elapsed) * float64(total-done) / float64(max(done, 1)))
			line = fmt.Sprintf("%s of %s, %s left", bytesText(done), bytesText(total), left.Round(time.Second))
		}
		fmt.Fprintf(to, "\r\x1b[K%s, %s frames/s, %d popups", line, countText(float64(frames)/elapsed.Seconds()), road.Messages())
	}
}

// bytesText writes an amount of octets for people.
func bytesText(n int64) string {
	switch {
	case n >= 1<<30:
		return fmt.Sprintf("%.1f GB", float64(n)/(1<<30))
	case n >= 1<<20:
		return fmt.Sprintf("%.1f MB", float64(n)/(1<<20))
	case n >= 1<<10:
		return fmt.Sprintf("%.1f kB", float64(n)/(1<<10))
	}
	return fmt.Sprintf("%d bytes", n)
}

// countText writes a number for people.
func countText(n float64) string {
	switch {
	case n >= 1e6:
		return fmt.Sprintf("%.1fM", n/1e6)
	case n >= 1e4:
		return fmt.Sprintf("%.0fk", n/1e3)
	}
	return fmt.Sprintf("%.0f", n)
}
