package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"popupwatch/sensor/elastic"
	"popupwatch/sensor/store"
)

// elasticSettings are how events reach Elasticsearch. All but the first four stand in the configuration file or the environment alone: the
// names are libbeat's, and a secret has no business on a command line, where every user of the machine can read it.
type elasticSettings struct {
	hosts  []string
	kibana string
	store  string

	queueLimit int64
	keep       store.Retention
	made       *elastic.Client // by client

	config         elastic.Config
	apiKeyFile     string
	passwordFile   string
	tokenFile      string
	documents      int
	octets         int
	compression    int
	wait           time.Duration
	kibanaUsername string
	kibanaPassword string
	kibanaAPIKey   string
	kibanaSpace    string
}

// keyAnnotation holds, at a flag that is none on the command line, its key in the configuration file.
const keyAnnotation = "popupwatch_key"

// The groups of settings with libbeat's names.
const (
	outputKey = "output.elasticsearch."
	kibanaKey = "setup.kibana."
)

func (s *settings) addDelivery(f *pflag.FlagSet) {
	e := &s.elastic
	f.StringSliceVar(&e.hosts, "elasticsearch", nil, "deliver events to Elasticsearch at `URL`,... (more under output.elasticsearch)")
	f.StringVar(&e.kibana, "kibana", "", "`URL` of Kibana, for setup and for the dashboards' addresses")
	f.StringVar(&e.store, "store", "", "SQLite `FILE` that keeps events for the console, and in which they wait to be delivered (default: a temporary queue)")
	f.IntVar(&e.keep.Days, "store-keep", 0, "days after their arrival that events stay in the store; 0: until it is full")
	f.Int64Var(&e.keep.Octets, "store-limit", store.DefaultKeepOctets, "octets of the store's pages in use, above which the oldest arrivals are given up")
	f.Int64Var(&e.queueLimit, "queue-limit", store.DefaultLimit, "octets of documents that may wait: then replay waits, live sheds and counts")
	s.addOutput(f)
}

// addOutput adds what is no flag.
func (s *settings) addOutput(f *pflag.FlagSet) {
	e := &s.elastic
	c := &e.config
	keyed := func(key string, add func(name string)) {
		name := settingName(key)
		add(name)
		f.SetAnnotation(name, keyAnnotation, []string{key}) // the flag is there
	}
	text := func(to *string, group, key, about string) {
		keyed(group+key, func(name string) { f.StringVar(to, name, "", about) })
	}
	number := func(to *int, key string, value int, about string) {
		keyed(outputKey+key, func(name string) { f.IntVar(to, name, value, about) })
	}
	span := func(to *time.Duration, key string, value time.Duration, about string) {
		keyed(outputKey+key, func(name string) { f.DurationVar(to, name, value, about) })
	}
	text(&c.APIKey, outputKey, "api_key", "API key, id:key or encoded")
	text(&e.apiKeyFile, outputKey, "api_key_file", "file that holds the API key (default: the systemd credential popupwatch.api_key)")
	text(&c.Username, outputKey, "username", "user")
	text(&c.Password, outputKey, "password", "its password")
	text(&e.passwordFile, outputKey, "password_file", "file that holds the password (default: the systemd credential popupwatch.password)")
	text(&c.Token, outputKey, "token", "bearer token of a service account")
	text(&e.tokenFile, outputKey, "token_file", "file that holds the token (default: the systemd credential popupwatch.token)")
	text(&c.CloudID, outputKey, "cloud_id", "in place of hosts: the deployment's cloud id")
	text(&c.Proxy, outputKey, "proxy_url", "proxy (default: that of HTTPS_PROXY and NO_PROXY)")
	keyed(outputKey+"ssl.certificate_authorities", func(name string) {
		f.StringSliceVar(&c.CertificateAuthorities, name, nil, "files with the authorities to trust (default: the system's)")
	})
	text(&c.Fingerprint, outputKey, "ssl.ca_trusted_fingerprint", "SHA-256 of an authority that the server sends: it is trusted")
	text(&c.Certificate, outputKey, "ssl.certificate", "file with the client's certificate")
	text(&c.Key, outputKey, "ssl.key", "file with its key")
	keyed(outputKey+"allow_opensearch", func(name string) {
		f.BoolVar(&c.AllowOpenSearch, name, false, "deliver to a server that does not say it is Elasticsearch")
	})
	number(&e.documents, "bulk_max_size", elastic.DefaultDocuments, "documents of one request at most")
	number(&e.octets, "bulk_max_bytes", elastic.DefaultOctets, "octets of one request at most, before compression")
	number(&e.compression, "compression_level", 0, "gzip of requests, 1 to 9; 0: none")
	span(&c.Timeout, "timeout", 90*time.Second, "of one request")
	span(&e.wait, "wait", 2*time.Minute, "replay: how long nothing may be delivered until it gives up and leaves the rest in the queue")
	text(&e.kibanaUsername, kibanaKey, "username", "user for Kibana (default: that of output.elasticsearch)")
	text(&e.kibanaPassword, kibanaKey, "password", "its password")
	text(&e.kibanaAPIKey, kibanaKey, "api_key", "API key for Kibana")
	text(&e.kibanaSpace, kibanaKey, "space.id", "space of Kibana (default: the default one)")
}

// settingName is the name of a setting as a flag: a key's dots and underscores are dashes. libbeat's hosts are --elasticsearch.
func settingName(key string) string {
	name := strings.NewReplacer(".", "-", "_", "-").Replace(key)
	switch name {
	case "output-elasticsearch-hosts":
		return "elasticsearch"
	case "setup-kibana-host":
		return "kibana"
	}
	return name
}

// delivers says whether events are to reach Elasticsearch.
func (e *elasticSettings) delivers() bool { return len(e.hosts) > 0 || e.config.CloudID != "" }

// cluster is the configuration of the settings, with the secrets that stand elsewhere.
func (e *elasticSettings) cluster() (elastic.Config, error) {
	c := e.config
	c.Hosts = e.hosts
	err := errors.Join(
		secret(&c.APIKey, e.apiKeyFile, "api_key"), secret(&c.Password, e.passwordFile, "password"), secret(&c.Token, e.tokenFile, "token"),
	)
	if err != nil {
		return c, &exitError{exitUsage, err}
	}
	return c, nil
}

// client makes the client of the settings, once: its files are read before a service gives up the right to. Errors are those of a wrong
// configuration.
func (e *elasticSettings) client() (*elastic.Client, error) {
	if e.made != nil {
		return e.made, nil
	}
	c, err := e.cluster()
	if err != nil {
		return nil, err
	}
	client, err := elastic.NewClient(c)
	if err != nil {
		return nil, &exitError{exitUsage, err}
	}
	e.made = client
	return client, nil
}

// secret reads a secret that is not given itself from its file, or from the credential that systemd hands over (systemd.exec(5),
// LoadCredential), where there is one.
func secret(value *string, file, name string) error {
	if *value != "" {
		return nil
	}
	asked := file != ""
	if dir := os.Getenv("CREDENTIALS_DIRECTORY"); !asked && dir != "" {
		file = filepath.Join(dir, "popupwatch."+name)
	}
	if file == "" {
		return nil
	}
	content, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) && !asked {
		return nil
	}
	if err != nil {
		return fmt.Errorf("%s%s_file: %w", outputKey, name, err)
	}
	*value = strings.TrimSpace(string(content))
	return nil
}

// checkDelivery refuses values that no flag type refuses.
func (e *elasticSettings) checkDelivery() error {
	switch {
	case e.documents < 1 || e.octets < 1:
		return usageError("%sbulk_max_size, bulk_max_bytes: at least 1", outputKey)
	case e.compression < 0 || e.compression > 9:
		return usageError("%scompression_level: 0 to 9", outputKey)
	case e.config.Timeout <= 0 || e.wait <= 0:
		return usageError("%stimeout, wait: a length of time above 0", outputKey)
	case e.queueLimit < leastQueue:
		return usageError("--queue-limit: at least %d octets", leastQueue)
	case e.keep.Days < 0 || e.keep.Octets < leastQueue:
		return usageError("--store-keep: at least 0 days; --store-limit: at least %d octets", leastQueue)
	}
	if !e.delivers() {
		return nil
	}
	_, err := e.client() // what is wrong with it is known before a capture is opened
	return err
}

// leastQueue is a queue that takes some batches.
const leastQueue = 1 << 20
