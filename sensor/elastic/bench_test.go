package elastic

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"popupwatch/sensor/elastic/estest"
	"popupwatch/sensor/store"
)

// discardSwitch makes of this test binary a server that takes every document and keeps none: a process of its own, so that its CPU is not
// counted as ours.
const discardSwitch = "ELASTIC_TEST_DISCARD"

// discard serves until its standard input ends.
func discard() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println("http://" + l.Addr().String())
	go http.Serve(l, http.HandlerFunc(discarded))
	io.Copy(io.Discard, os.Stdin) // until the benchmark is over
}

// discarded answers as Elasticsearch does where all is new.
func discarded(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	answer := append(make([]byte, 0, len(body)/16), `{"errors":false,"items":[`...)
	for len(body) > 0 {
		action, rest, _ := bytes.Cut(body, []byte("\n"))
		_, body, _ = bytes.Cut(rest, []byte("\n"))
		_, id, _ := bytes.Cut(action, []byte(`"_id":"`))
		id, _, _ = bytes.Cut(id, []byte(`"`))
		answer = fmt.Appendf(answer, `{"create":{"_id":"%s","status":201}},`, id)
	}
	w.Header().Set("X-Elastic-Product", "Elasticsearch")
	w.Write(append(answer[:len(answer)-1], "]}"...))
}

// discarding starts the server and gives its address.
func discarding(b *testing.B) string {
	b.Helper()
	server := exec.Command(os.Args[0])
	server.Env = append(os.Environ(), discardSwitch+"=1")
	in, err := server.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := server.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := server.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { in.Close(); server.Wait() })
	address, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		b.Fatal(err)
	}
	return address[:len(address)-1]
}

// cpu is what this process has used, user and system.
func cpu() time.Duration {
	var u syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &u) // it cannot fail for the process itself
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// benchEvents is how many documents one round delivers.
const benchEvents = 50_000

// loaded is a store with so many events of the real captures, each with an id of its own.
func loaded(b *testing.B, namespace string) (*store.Store, [][]byte) {
	b.Helper()
	lines := distinct(b)
	s, err := store.Open(filepath.Join(b.TempDir(), "q.db"), 1<<40)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { s.Close() })
	fillBench(b, s, namespace, lines, 0)
	return s, lines
}

func fillBench(b *testing.B, s *store.Store, namespace string, lines [][]byte, round int) {
	b.Helper()
	var batch store.Batch
	for i := range benchEvents {
		batch.Add("logs-popupwatch.message-"+namespace, fmt.Sprintf("%016x%016x", round, i), lines[i%len(lines)])
		if i%256 == 255 || i == benchEvents-1 {
			if err := s.Put(&batch); err != nil {
				b.Fatal(err)
			}
			batch = store.Batch{}
		}
	}
}

// report says CPU and documents a second.
func report(b *testing.B, used, took time.Duration) {
	b.ReportMetric(float64(used.Nanoseconds())/1e3/benchEvents/float64(b.N), "cpu-us/doc")
	b.ReportMetric(benchEvents*float64(b.N)/took.Seconds(), "docs/s")
	b.ReportMetric(0, "ns/op")
}

// BenchmarkSender is the sender with its reading from the store and its settling there.
func BenchmarkSender(b *testing.B) { benchSender(b, Config{Hosts: []string{discarding(b)}}, "bench") }

// BenchmarkSenderReal is the same into a real Elasticsearch beside it, with the mapping that setup installs.
func BenchmarkSenderReal(b *testing.B) {
	n := estest.Start(b, estest.Options{})
	install(b, clientFor(b, n), Layout{})
	benchSender(b, Config{Hosts: []string{n.URL}}, "bench")
}

func benchSender(b *testing.B, c Config, namespace string) {
	client, err := NewClient(c)
	if err != nil {
		b.Fatal(err)
	}
	s, lines := loaded(b, namespace)
	var used, took time.Duration
	round := 1
	for b.Loop() {
		sender := NewSender(client, s, SenderConfig{Log: slog.New(slog.NewTextHandler(os.Stderr, nil))})
		finish := make(chan struct{})
		close(finish)
		before, began := cpu(), time.Now()
		if err := sender.Run(b.Context(), finish); err != nil {
			b.Fatal(err)
		}
		used, took = used+cpu()-before, took+time.Since(began)
		if l := sender.Ledger(nil); l.Indexed != benchEvents {
			b.Fatalf("%+v", l)
		}
		fillBench(b, s, namespace, lines, round)
		round++
	}
	report(b, used, took)
}

// BenchmarkPost is the yardstick: the same documents in bodies that are made beforehand, posted by net/http alone, and the answer read.
func BenchmarkPost(b *testing.B) {
	address, lines := discarding(b), distinct(b)
	var bodies [][]byte
	for i := 0; i < benchEvents; i += DefaultDocuments {
		var body []byte
		for k := i; k < i+DefaultDocuments; k++ {
			d := store.Document{Stream: "logs-popupwatch.message-bench", ID: fmt.Sprintf("%032x", k), JSON: lines[k%len(lines)]}
			body = appendBulk(body, &d, "2026-01-01T00:00:00.000000000Z")
		}
		bodies = append(bodies, body)
	}
	var used, took time.Duration
	for b.Loop() {
		before, began := cpu(), time.Now()
		for _, body := range bodies {
			r, err := http.Post(address+"/_bulk", "application/x-ndjson", bytes.NewReader(body))
			if err != nil {
				b.Fatal(err)
			}
			io.Copy(io.Discard, r.Body) // what it says is the same each time
			r.Body.Close()
		}
		used, took = used+cpu()-before, took+time.Since(began)
	}
	report(b, used, took)
}
