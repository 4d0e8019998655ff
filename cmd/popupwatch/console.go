package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"popupwatch/sensor/console"
	"popupwatch/sensor/store"
)

func consoleCommand(io stdio) *cobra.Command {
	s := newSettings(commandLive)
	c := &cobra.Command{
		Use: "console --store FILE [--listen ADDR]", Short: "Look at a store in a browser",
		Long: `Serves the web console on a store that replay --store or live --store fills: popups as the victims saw them, campaigns, sources and how far they
can be believed, what the sensor counted. It only reads, and may run beside whoever writes. Nothing is loaded from elsewhere.

Off loopback a token is needed (--token-file); a browser asks for it as the password of any user. --tls-certificate and --tls-key encrypt.`,
		Example: `  popupwatch replay --store popups.db testdata/captures
  popupwatch console --store popups.db`,
		Args: noArguments,
		RunE: func(*cobra.Command, []string) error {
			if err := s.load(os.Environ()); err != nil {
				return err
			}
			return serveConsole(s, io)
		},
	}
	for _, name := range []string{"config", "store", "listen", "token-file", "console-host", "tls-certificate", "tls-key", "quiet"} {
		c.Flags().AddFlag(s.all.Lookup(name))
	}
	return c
}

// serveConsole serves the console until a signal ends it.
func serveConsole(s *settings, io stdio) error {
	looks, err := s.openConsoleStore()
	if err != nil {
		return err
	}
	defer looks.Close() // a reader leaves nothing unwritten
	token, err := s.token()
	if err != nil {
		return err
	}
	c, err := console.New(s.consoleConfig(looks, token))
	if err != nil {
		return err
	}
	server, err := s.listenHTTP(c.Handler())
	if err != nil {
		return err
	}
	server.http.RegisterOnShutdown(c.EndTails)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	server.serve()
	if !s.quiet {
		fmt.Fprintf(io.err, "The console is at %s (Ctrl-C ends it)\n", s.address(server))
	}
	<-ctx.Done()
	return server.close()
}

// openConsoleStore opens the store of the settings to look at.
func (s *settings) openConsoleStore() (*store.Store, error) {
	path := s.elastic.store
	if path == "" {
		return nil, usageError("console: name the store (--store FILE); popupwatch replay --store FILE PATH... makes one")
	}
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		return nil, usageError("console: there is no store %s (popupwatch replay --store %s PATH... makes one)", path, path)
	}
	looks, err := store.OpenReader(path)
	if err != nil {
		return nil, err
	}
	if err := looks.Answers(); err != nil {
		return nil, errors.Join(fmt.Errorf("console: %w", err), looks.Close())
	}
	return looks, nil
}

// consoleConfig is the console's configuration.
func (s *settings) consoleConfig(looks *store.Store, token string) console.Config {
	hosts := []string{}
	for _, h := range s.consoleHosts {
		hosts = append(hosts, strings.ToLower(h))
	}
	if name, err := os.Hostname(); err == nil {
		hosts = append(hosts, strings.ToLower(name))
	}
	return console.Config{Store: looks, Version: version, Token: token, Hosts: hosts}
}

// listenHTTP binds the address of the settings, so that a wrong one is known at once, with TLS where a certificate is given.
func (s *settings) listenHTTP(h http.Handler) (*server, error) {
	config, err := s.tlsConfig()
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", s.listen)
	if err != nil {
		return nil, fmt.Errorf("--listen: %w (give another address, as --listen 127.0.0.1:0)", err)
	}
	if config != nil {
		l = tls.NewListener(l, config)
	}
	return &server{listener: l, http: console.Server(h)}, nil
}

// tlsConfig reads certificate and key; nil where none are given.
func (s *settings) tlsConfig() (*tls.Config, error) {
	if s.tlsCertificate == "" && s.tlsKey == "" {
		return nil, nil
	}
	pair, err := tls.LoadX509KeyPair(s.tlsCertificate, s.tlsKey)
	if err != nil {
		return nil, usageError("--tls-certificate, --tls-key: %w", err)
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}, nil
}

// address is what a browser is given.
func (s *settings) address(v *server) string {
	scheme := "http"
	if s.tlsCertificate != "" {
		scheme = "https"
	}
	return scheme + "://" + v.listener.Addr().String() + "/"
}

// openConsole puts the console of the service's own store behind its server.
func (v *service) openConsole() error {
	if !v.settings.console {
		return nil
	}
	looks, err := v.settings.openConsoleStore()
	if err != nil {
		return err
	}
	config := v.settings.consoleConfig(looks, "") // the server before it asks for the token
	started := time.Now().UTC().Format(time.RFC3339)
	config.Process = func() *console.Process { return v.process(started) }
	c, err := console.New(config)
	if err != nil {
		return errors.Join(err, looks.Close())
	}
	v.looks = looks
	v.http.attach(c)
	v.log.Info("the console is at " + v.settings.address(v.http))
	return nil
}

// process is what the console says of the running capture. Any goroutine may ask.
func (v *service) process(started string) *console.Process {
	p := &console.Process{Interfaces: []string{}, Memory: residentOctets(), Limit: v.settings.limitsMemory, Started: started}
	for _, port := range v.Live.Status() {
		p.Interfaces = append(p.Interfaces, port.Name)
	}
	return p
}

// residentOctets is the memory that the process has from the system; 0 where the system does not tell.
func residentOctets() uint64 {
	content, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	var size, resident uint64
	if _, err := fmt.Sscan(string(content), &size, &resident); err != nil {
		return 0
	}
	return resident * uint64(os.Getpagesize())
}
