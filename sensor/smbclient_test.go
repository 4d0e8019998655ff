package sensor_test

import (
	"encoding/binary"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"

	"popupwatch/decoders"
	"popupwatch/decoders/reassembly"
	"popupwatch/sensor/capture"
	"popupwatch/sensor/capture/veth"
)

// A real program sends, a listener of a few lines answers as Windows does, and the kernel shows both to a live capture: what is decoded is what
// was typed.
func TestSmbclientsPopupsAreDecodedExactly(t *testing.T) {
	program := findProgram(t, "smbclient", "smbclient", "no real sender")
	veth.Pair(t) // not used, but it holds that the loopback interface here is the test's own
	listener, err := net.Listen("tcp4", "127.0.0.1:139")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan struct{})
	go answerSessions(listener, served)
	defer func() { listener.Close(); <-served }()
	long := strings.Repeat("0123456789abcdefghijklmnopqrstuvwxyz,", 43) + "end"
	for name, c := range map[string]struct{ typed, charset, octets, shown string }{
		"short":          {"hi", "CP850", "hi", "hi"},
		"one block":      {strings.Repeat("x", 127), "CP850", strings.Repeat("x", 127), strings.Repeat("x", 127)},
		"long":           {long, "CP850", long, long},
		"several lines":  {"one\ntwo\n\nfour", "CP850", "one\r\ntwo\r\n\r\nfour", "one\r\ntwo\r\n\r\nfour"},
		"CP850":          {"Grüße aus dem Büro, André", "CP850", "Gr\x81\xe1e aus dem B\x81ro, Andr\x82", "Grüße aus dem Büro, André"},
		"no such letter": {"Größe – 5 €", "CP850", "Größe – 5 €", "Größe – 5 €"}, // Samba falls back to UTF-8
	} {
		t.Run(name, func(t *testing.T) {
			m := overheard(t, func() { runSmbclient(t, program, c.charset, c.typed) })
			if m.From.Shown != "alice" || m.To.Shown != "DESKTOP42" || m.Text.Raw != c.octets || m.Text.Shown != c.shown || m.Partial || len(m.Anomalies) != 0 {
				t.Errorf("%q to %q: %q shown as %q, partial %v, anomalies %v", m.From.Shown, m.To.Shown, m.Text.Raw, m.Text.Shown, m.Partial, m.Anomalies)
			}
			s := m.Session
			if s.Called != "DESKTOP42<03>" || s.Calling != "SENDERBOX<00>" || s.Handshake() != "complete" || s.Evidence.Ends[reassembly.Client].Acked < 2 {
				t.Errorf("%+v", s)
			}
		})
	}
}

// findProgram gives a program's path. Where the test must not be left out (CI), its absence is a fault.
func findProgram(t *testing.T, program, debian, without string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	switch {
	case err == nil:
	case os.Getenv("CI") == "true":
		t.Fatalf("%s is missing (apt-get install %s)", program, debian)
	default:
		t.Skipf("%s is missing (apt-get install %s): %s", program, debian, without)
	}
	return path
}

func runSmbclient(t *testing.T, program, charset, text string) {
	t.Helper()
	cmd := exec.Command(program, "-s", "/dev/null", "--option=dos charset="+charset, "--option=unix charset=UTF-8",
		"-M", "DESKTOP42", "-I", "127.0.0.1", "-p", "139", "-n", "SENDERBOX", "-U", "alice%")
	cmd.Env = append(os.Environ(), "HOME="+t.TempDir(), "LC_ALL=C.UTF-8")
	cmd.Stdin = strings.NewReader(text)
	if said, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("run smbclient: %v: %s", err, said)
	}
}

// overheard captures the loopback interface while something is sent, and gives the one popup of it.
func overheard(t *testing.T, send func()) *decoders.Message {
	t.Helper()
	live, err := capture.OpenLive(capture.LiveConfig{
		Interfaces: []capture.LiveInterface{{Name: "lo"}}, Filter: capture.KernelFilter{}.Expression(), Ring: 4 << 20,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer live.Close()
	send()
	d := decoders.NewDecoder(decoders.Config{Interface: live.Interface})
	var r decoders.Result
	for ticks := 0; ticks < 50; {
		f, err := live.Next()
		switch {
		case err != nil:
			t.Fatal(err)
		case f.Tick:
			ticks++
			continue
		}
		if d.Decode(f, &r); len(r.Messages) > 0 {
			return &r.Messages[0]
		}
	}
	t.Fatal("no popup was captured")
	return nil
}

// answerSessions takes sessions one by one until the listener closes, and grants all that is asked, as a Messenger does.
func answerSessions(l net.Listener, done chan<- struct{}) {
	defer close(done)
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		for answer(c) {
		}
		c.Close()
	}
}

// answer reads one session packet and answers it; it says no at the end.
func answer(c net.Conn) bool {
	var head [4]byte
	if _, err := io.ReadFull(c, head[:]); err != nil {
		return false
	}
	body := make([]byte, binary.BigEndian.Uint16(head[2:]))
	if _, err := io.ReadFull(c, body); err != nil {
		return false
	}
	reply := []byte{0x82, 0, 0, 0}
	if head[0] == 0 {
		reply = append([]byte{0, 0, 0, 35}, body[:32]...)
		reply[4+9] |= 0x80
		if body[4] == 0xd5 {
			reply[3] += 2
			reply = append(reply, 1, 5, 0)
		} else {
			reply = append(reply, 0)
		}
		reply = append(reply, 0, 0)
	}
	_, err := c.Write(reply)
	return err == nil
}
