package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"popupwatch/decoders"
	"popupwatch/rules"
	"popupwatch/sensor"
	"popupwatch/sensor/campaign"
	"popupwatch/sensor/capture"
	"popupwatch/sensor/store"
)

// service is a sensor that runs until it is stopped. Its Next is the source of the road, so what it does between two frames is done in the
// road's goroutine; the others (signals, HTTP, the watchdog) see only what is atomic.
type service struct {
	*capture.Live
	settings *settings
	log      *slog.Logger
	out      *output
	delivery *delivery
	beside   *beside
	road     *sensor.Sensor
	notify   *notifier
	http     *server
	looks    *store.Store   // of the console
	handle   sync.WaitGroup // the goroutine of signals
	cancel   context.CancelFunc

	steps     atomic.Uint64                 // frames and ticks
	counts    atomic.Pointer[sensor.Counts] // of a moment ago
	reloaded  atomic.Pointer[knowledge]     // what is to be used from now on
	published atomic.Int64                  // when that was, by the clock, nanoseconds since 1970
	looked    time.Time
	shed      shedding
	homely    bool // the networks that look like home were logged
}

// knowledge is what a reload reads anew.
type knowledge struct {
	rules *rules.Set
	atlas *campaign.Atlas
}

// newService checks everything that can be wrong before it opens anything.
func newService(s *settings, io stdio) (*service, error) {
	config, err := s.liveSensorConfig()
	if err != nil {
		return nil, err
	}
	source, err := s.liveConfig()
	if err != nil {
		return nil, err
	}
	if config.Rules, err = s.loadRules(config.Memory); err != nil {
		return nil, err
	}
	limitMemory(config.Memory)
	v := &service{settings: s, log: newLogger(s.logFormat, io.err, s.quiet), notify: newNotifier()}
	if err = v.open(source); err == nil {
		err = v.openRoad(config, io)
	}
	if err != nil {
		return nil, errors.Join(err, v.close())
	}
	return v, nil
}

// open opens everything that needs privileges, and then gives them up.
func (v *service) open(source capture.LiveConfig) (err error) {
	source.Changed = v.changed
	if v.Live, err = capture.OpenLive(source); err != nil {
		return err
	}
	if v.http, err = v.settings.openServer(v); err != nil {
		return err
	}
	return v.settings.confinement(v.log).apply()
}

// openRoad opens what is written as the user that the service has become, and what was open before a restart.
func (v *service) openRoad(config sensor.Config, io stdio) error {
	to, err := v.settings.openLog(io)
	if err != nil {
		return err
	}
	v.out = &output{to: to, log: v.log, now: time.Now}
	if v.delivery, err = v.settings.openDelivery(v.log, true); err != nil {
		return err
	}
	if v.delivery != nil {
		config.Queue = v.delivery.tallies
	}
	if err := v.openConsole(); err != nil {
		return err
	}
	if v.beside, err = v.settings.openBeside(v.delivery); err != nil {
		return err
	}
	config.Witness = v.beside.witness()
	v.road = sensor.New(config, v.beside.besides(v.delivery.besides(v.out)))
	v.road.Open(v)
	v.counts.Store(v.road.Counts())
	if v.settings.state == "" {
		return nil
	}
	return v.loadState()
}

// loadState takes over what an earlier run handed on. The file is renamed then: a run that crashes must not leave a state that comes out
// again, its documents all a second time.
func (v *service) loadState() error {
	path := v.settings.state
	used := path + ".in-use"
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Stat(used); err == nil {
			v.log.Warn("the run before did not come to its end: what it remembered is lost, and the sensor starts without memory", "earlier state", used)
		}
	}
	aside, err := sensor.ReadState(path, v.road)
	if err != nil {
		return err
	}
	if aside != "" {
		v.log.Error("the state file is damaged: it is set aside, and the sensor starts without memory", "file", path, "aside", aside)
	}
	v.Live.Continue(v.road.Frames())
	if err := os.Rename(path, used); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("mark the state file as used: %w", err)
	}
	return nil
}

// saveState hands on what is open, behind the events that were written.
func (v *service) saveState() error {
	if err := sensor.WriteState(v.settings.state, v.road); err != nil {
		return err
	}
	if err := os.Remove(v.settings.state + ".in-use"); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// loadRules reads the rules of the settings; its error is that of a wrong configuration.
func (s *settings) loadRules(memory int64) (*rules.Set, error) {
	set, err := rules.Config{CacheBytes: int(sensor.Divide(memory).Rules)}.Load(s.rules...)
	if err != nil {
		return nil, &exitError{exitUsage, err}
	}
	return set, nil
}

// confinement is what the service may touch after its start: the folders of its own files, and those from which rules are read again, which
// may be replaced whole, or be links.
func (s *settings) confinement(log *slog.Logger) *confinement {
	c := &confinement{user: s.user, log: log}
	for _, path := range s.rules {
		c.readable = append(c.readable, path, filepath.Dir(filepath.Clean(path)))
		if target, err := filepath.EvalSymlinks(path); err == nil {
			c.readable = append(c.readable, filepath.Dir(target))
		}
	}
	for _, file := range []string{s.events, s.state, s.elastic.store, s.report.evidence} {
		if file != "" && !stream(file) {
			c.writable = append(c.writable, filepath.Dir(file))
		}
	}
	if target, err := filepath.EvalSymlinks(s.elastic.store); err == nil && s.elastic.store != "" {
		c.writable = append(c.writable, filepath.Dir(target))
	}
	if s.elastic.delivers() && s.elastic.store == "" {
		c.writable = append(c.writable, os.TempDir()) // the queue
	}
	return c
}

// start carries frames until the service is stopped, and closes what is open, or hands it on.
func (v *service) start() error {
	ctx, cancel := context.WithCancel(context.Background())
	v.cancel = cancel
	v.listen(ctx)
	v.http.serve()
	v.hello()
	v.notify.ready()
	go v.notify.watch(ctx, v.steps.Load)
	err := v.road.Carry()
	v.counts.Store(v.road.Counts())
	if v.settings.state == "" {
		return errors.Join(err, v.road.Finish(), v.beside.save(v.Interface))
	}
	err = errors.Join(err, v.road.Suspend())
	v.out.flush() // or a crash here would leave a state whose events are nowhere
	return errors.Join(err, v.delivery.stopWriting(), v.saveState(), v.beside.save(v.Interface))
}

// hello says what the service does, and what is off because it was not told what is home.
func (v *service) hello() {
	if len(v.settings.home) == 0 {
		v.log.Warn(homeMissing)
	}
	var names []string
	for _, p := range v.Live.Status() {
		names = append(names, p.Name)
	}
	v.log.Info("capturing", "interfaces", strings.Join(names, ","), "events", v.settings.events, "state", v.settings.state)
}

// close ends what newService and start began. It may be called on a half made service.
func (v *service) close() error {
	var errs []error
	v.notify.stopping()
	if v.cancel != nil {
		v.cancel()
	}
	if v.Live != nil {
		errs = append(errs, v.Live.Close())
	}
	v.handle.Wait()
	errs = append(errs, v.http.close())
	if v.looks != nil {
		errs = append(errs, v.looks.Close())
	}
	errs = append(errs, v.delivery.close())
	if v.out != nil {
		errs = append(errs, v.out.to.Close())
	}
	errs = append(errs, v.beside.discard())
	for _, line := range v.beside.said() {
		v.log.Info(line)
	}
	if v.road != nil {
		v.log.Info("stopped", "frames", v.road.Counts().Frames, "popups", v.road.Messages(), "lost", v.out.lost.Load())
	}
	return errors.Join(errs...)
}

// Next gives the next frame or tick; between two, four times a second and at each tick, the road looks beside itself.
func (v *service) Next() (decoders.Frame, error) {
	f, err := v.Live.Next()
	if n := v.steps.Add(1); f.Tick || n%checkLive == 0 {
		v.look(time.Now())
	}
	return f, err
}

// lookEvery is how often the road looks beside itself.
const lookEvery = 250 * time.Millisecond

// checkLive is how many frames pass between two looks at the clock.
const checkLive = 256

// look takes new rules over, writes what is gathered, and publishes the counts.
func (v *service) look(now time.Time) {
	if k := v.reloaded.Swap(nil); k != nil {
		v.road.UseRules(k.rules)
		v.road.UseAtlas(k.atlas)
		v.log.Info("the new rules are in force")
	}
	if now.Sub(v.looked) < lookEvery {
		return
	}
	v.looked = now
	v.out.flush()
	v.delivery.flush(now)
	c := v.road.Counts()
	v.counts.Store(c)
	v.published.Store(now.UnixNano())
	v.shed.look(c, now, v.log)
	if !v.homely && len(c.LooksHome) > 0 && c.Messages >= enoughToGuess {
		v.homely = true
		v.log.Info("popups go to networks that look like home: name them with --home if they are yours", "networks", fmt.Sprint(c.LooksHome))
	}
}

// enoughToGuess is how many popups it takes to say what looks like home.
const enoughToGuess = 20

// changed logs what changed about an interface. Several goroutines call it.
func (v *service) changed(c capture.Change) {
	log := v.log.With("interface", c.Interface)
	switch c.Kind {
	case capture.InterfaceLost:
		log.Error("the interface is lost; waiting for it", "error", c.Err)
		v.notify.status("waiting for interface " + c.Interface)
	case capture.InterfaceBack:
		log.Info("the interface is back")
		v.notify.status("capturing")
	case capture.DropsBegin:
		log.Warn("packets are dropped: the sensor is too slow, or the ring too small (--limits-ring)", "dropped", c.N)
	case capture.DropsEnd:
		log.Info("no packets have been dropped for 10 s", "dropped", c.N)
	}
}

// listen hears signals until ctx is done. Those that stop have a channel of their own, which a burst of SIGHUP cannot fill.
func (v *service) listen(ctx context.Context) {
	stops, reloads := make(chan os.Signal, 2), make(chan os.Signal, 1)
	signal.Notify(stops, syscall.SIGINT, syscall.SIGTERM)
	signal.Notify(reloads, syscall.SIGHUP)
	v.handle.Add(2)
	go v.hear(ctx, stops, v.heed())
	go v.hear(ctx, reloads, func(os.Signal) { v.reload() })
}

// hear calls for each signal until ctx is done.
func (v *service) hear(ctx context.Context, signals chan os.Signal, call func(os.Signal)) {
	defer v.handle.Done()
	defer signal.Stop(signals)
	for {
		select {
		case <-ctx.Done():
			return
		case s := <-signals:
			call(s)
		}
	}
}

// heed gives what the signals that stop ask for: the first stops, a later one ends the process, and so does an output that never takes what
// is left.
func (v *service) heed() func(os.Signal) {
	var stopping time.Time
	return func(s os.Signal) {
		switch {
		case stopping.IsZero():
			stopping = time.Now()
			v.log.Info("stopping", "signal", s.String())
			v.notify.stopping()
			v.Live.Stop()
			time.AfterFunc(stopMost, func() {
				v.log.Error("the sensor does not come to its end: does the output take events? what was not written is lost")
				os.Exit(exitFailed)
			})
		case time.Since(stopping) > sameSignal:
			os.Exit(128 + int(s.(syscall.Signal)))
		}
	}
}

// stopMost is how long a stop may take. A silent wire takes a tenth of a second, a full memory without --state some seconds.
const stopMost = 20 * time.Second

// sameSignal is how soon a second signal is the first one again: timeout(1) and some shells send it to the process and to its group.
const sameSignal = 300 * time.Millisecond

// reload reads the rules and the atlas anew; a broken file keeps the old ones, all of them.
func (v *service) reload() {
	v.notify.reloading()
	set, err := v.settings.loadRules(v.settings.limitsMemory)
	atlas, fault := v.settings.loadAtlas()
	if err := errors.Join(err, fault); err != nil {
		v.log.Error("the rules stay as they are: the new ones are broken", "error", err)
	} else {
		v.reloaded.Store(&knowledge{set, atlas})
	}
	v.notify.ready()
}
