package sensor_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"popupwatch/sensor/capture/veth"
)

// The addresses of the wire between a real sender and a real receiver (RFC 5737).
const (
	senderIP   = "198.51.100.7"
	receiverIP = "198.51.100.9"
	wireBits   = "/24"
	wireAll    = "198.51.100.255"
)

// sambaHost is a host of its own, with smbd and nmbd, at the other end of a wire. All its files are in one folder.
type sambaHost struct {
	dir  string
	wire string // our end
}

// hostScript is the first process of the host's namespaces, with smbd and nmbd in them. It ends, and they with it, when its input does.
const hostScript = `
echo ready
read go
ip link set lo up
ip addr add %[1]s broadcast %[2]s dev %[3]s
ip link set %[3]s arp on up
smbd --foreground --no-process-group -s "$DIR/smb.conf" -l "$DIR" </dev/null >&2 &
nmbd --foreground --no-process-group -s "$DIR/smb.conf" -l "$DIR" </dev/null >&2 &
cat
`

// hostConf is its smb.conf. The message command gets what smbd received as a file; its %%t, the recipient, is the time in Samba 4.17.
const hostConf = `[global]
netbios name = DESKTOP42
workgroup = WORKGROUP
server min protocol = NT1
smb ports = 139
log level = 2
interfaces = %[2]s
bind interfaces only = yes
dos charset = CP850
unix charset = UTF-8
preferred master = yes
os level = 65
map to guest = Bad User
guest account = root
message command = /bin/sh %[1]s/take %%s '%%f'
load printers = no
disable spoolss = yes
lock directory = %[1]s
state directory = %[1]s
cache directory = %[1]s
private dir = %[1]s
pid directory = %[1]s
ncalrpc dir = %[1]s/ncalrpc
winbindd socket directory = %[1]s/winbindd
nmbd:socket dir = %[1]s/nmbd
`

// takeScript notes what smbd hands over: the text, and from whom.
const takeScript = `cd "$(dirname "$0")/handed" && n=$(ls | wc -l) && mv "$1" $n.text && printf %s "$2" >$n.text.from
`

// startSamba makes a wire and the host at its end. When it returns the host's name has been registered: it can be called by it. Everything
// ends with the test.
func startSamba(t *testing.T, wire, far string) *sambaHost {
	t.Helper()
	h := &sambaHost{dir: t.TempDir(), wire: wire}
	h.write(t, "smb.conf", fmt.Sprintf(hostConf, h.dir, receiverIP+wireBits))
	h.write(t, "take", takeScript)
	if err := os.Mkdir(filepath.Join(h.dir, "handed"), 0o700); err != nil {
		t.Fatal(err)
	}
	run(t, "ip", "addr", "add", senderIP+wireBits, "broadcast", wireAll, "dev", wire)
	run(t, "ip", "link", "set", wire, "arp", "on")
	h.start(t, far)
	h.await(t, "register DESKTOP42<03>", func() bool {
		return exec.Command("nmblookup", h.client(t, "-B", wireAll, "DESKTOP42#03")...).Run() == nil
	})
	return h
}

// awaitElection waits until nmbd stood for election as the browser of its network, as it does within seconds.
func (h *sambaHost) awaitElection(t *testing.T) {
	t.Helper()
	h.await(t, "stand for election", func() bool {
		log, err := os.ReadFile(filepath.Join(h.dir, "log.nmbd"))
		return err == nil && bytes.Contains(log, []byte("Sending election packet"))
	})
}

func (h *sambaHost) await(t *testing.T, what string, done func() bool) {
	t.Helper()
	for limit := time.Now().Add(60 * time.Second); !done(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatalf("nmbd did not %s: %s", what, h.said())
		}
	}
}

// said is what the host's programs said outside of their logs.
func (h *sambaHost) said() []byte {
	said, _ := os.ReadFile(filepath.Join(h.dir, "said"))
	return said
}

// start starts the programs of the host, and gives it its end of the wire.
func (h *sambaHost) start(t *testing.T, far string) {
	t.Helper()
	cmd := exec.Command("unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c",
		fmt.Sprintf(hostScript, receiverIP+wireBits, wireAll, far))
	cmd.Env = append(os.Environ(), "DIR="+h.dir, "TMPDIR="+h.dir, "LC_ALL=C.UTF-8")
	said, err := os.Create(filepath.Join(h.dir, "said"))
	if err != nil {
		t.Fatal(err)
	}
	defer said.Close()
	cmd.Stderr = said
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		veth.Remove(t, h.wire) // else it goes some time after the host
		in.Close()
		if err := cmd.Wait(); err != nil {
			t.Errorf("end the host: %v: %s", err, h.said())
		}
	})
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatalf("make the host's namespaces: %v: %s", err, h.said())
	}
	run(t, "ip", "link", "set", far, "netns", fmt.Sprint(cmd.Process.Pid))
	if _, err := io.WriteString(in, "go\n"); err != nil {
		t.Fatal(err)
	}
}

func (h *sambaHost) write(t *testing.T, name, content string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(h.dir, name), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// client gives the arguments of a program of Samba that speaks to the host: it too keeps its files to itself.
func (h *sambaHost) client(t *testing.T, args ...string) []string {
	own := t.TempDir()
	out := []string{"-s", "/dev/null", "--option=interfaces=" + senderIP + wireBits, "--option=name resolve order=bcast"}
	for _, folder := range []string{"lock directory", "state directory", "cache directory", "private dir", "nmbd:socket dir"} {
		out = append(out, "--option="+folder+"="+own)
	}
	return append(out, args...)
}

// send sends a text with smbclient, to the host's name.
func (h *sambaHost) send(t *testing.T, text string) {
	t.Helper()
	cmd := exec.Command("smbclient", h.client(t, "--option=dos charset=CP850", "--option=unix charset=UTF-8",
		"-M", "DESKTOP42", "-p", "139", "-n", "SENDERBOX", "-U", "alice%")...)
	cmd.Env = append(os.Environ(), "HOME="+t.TempDir(), "LC_ALL=C.UTF-8")
	cmd.Stdin = strings.NewReader(text)
	if said, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("run smbclient: %v: %s", err, said)
	}
}

// handed gives what smbd handed to the message command, in order: the text and the sender's name.
func (h *sambaHost) handed(t *testing.T) (out [][2]string) {
	t.Helper()
	for n := 0; ; n += 2 { // each has two files
		path := filepath.Join(h.dir, "handed", fmt.Sprint(n, ".text"))
		text, err := os.ReadFile(path)
		if os.IsNotExist(err) {
			return out
		}
		from, errFrom := os.ReadFile(path + ".from")
		if err != nil || errFrom != nil {
			t.Fatal(err, errFrom)
		}
		out = append(out, [2]string{string(text), string(from)})
	}
}

func run(t *testing.T, program string, args ...string) {
	t.Helper()
	if said, err := exec.Command(program, args...).CombinedOutput(); err != nil {
		t.Fatalf("run %s %q: %v: %s", program, args, err, said)
	}
}

// sambaWire gives the two ends of the wire; it skips the test where a program is missing, or root.
func sambaWire(t *testing.T) (near, far string) {
	t.Helper()
	near, far = veth.Pair(t)
	findProgram(t, "smbclient", "smbclient", "no real sender")
	for _, program := range []string{"smbd", "nmbd", "nmblookup"} {
		findProgram(t, program, "samba", "no real receiver")
	}
	return near, far
}
