package capture

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/gopacket/pcap"

	"popupwatch/decoders"
)

// tcpdumpCount is how many frames of a file tcpdump lets pass.
func tcpdumpCount(t *testing.T, path, expr string) string {
	t.Helper()
	out, err := exec.Command("tcpdump", "--count", "-nr", path, "--", expr).CombinedOutput()
	count := regexp.MustCompile(`(?m)^(\d+) packets?$`).FindSubmatch(out)
	if err != nil || count == nil {
		t.Fatalf("tcpdump --count -nr %s %q: %v\n%s", path, expr, err, out)
	}
	return string(count[1])
}

// needProgram gives the path of a program and skips where it is not installed; the build machine must have it.
func needProgram(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	switch {
	case err == nil:
	case os.Getenv("CI") == "true":
		t.Fatal(name + " is not installed")
	default:
		t.Skip(name + " is not installed")
	}
	return path
}

// passed is how many frames of a file the filter lets pass.
func passed(t *testing.T, path, expr string) string {
	t.Helper()
	all, reports := readAll(t, Config{Filter: expr}, path)
	if reports[0].Err != nil {
		t.Fatalf("read %s with %q: %v", path, expr, reports[0].Err)
	}
	n := 0
	for _, g := range all {
		if !g.Filtered {
			n++
		}
	}
	return fmt.Sprint(n)
}

func TestFilterPassesWhatTcpdumpPasses(t *testing.T) {
	needProgram(t, "tcpdump")
	exprs := []string{
		"udp and (dst port 135 or dst portrange 1026-1028)",
		"len > 200", "less 100", "greater 300 and udp",
		"ip[2:2] > 300", "-ip[0] = -69", "ip[6:2] & 0x1fff != 0", "udp[4:2] % 7 = 3", "ip[8] * 2 > 200 or ip[0] >> 4 = 6",
		"udp[8] = 4 and udp[len - 43] != 0", "ip6", "not ip",
	}
	var paths []string
	for _, glob := range []string{"captures/*.pcap", "vectors/2[2-9]_*.pcap", "vectors/3[0-9]_*.pcap*", "vectors/21_*.pcap"} {
		found, _ := filepath.Glob("../../testdata/" + glob)
		paths = append(paths, found...)
	}
	if len(paths) < 15 {
		t.Fatalf("%d captures of testdata were found", len(paths))
	}
	for _, path := range paths {
		for _, expr := range exprs {
			if strings.Contains(path, "_ipv4_") && (expr == "ip6" || expr == "not ip") {
				continue // tcpdump refuses it; see TestExpressionThatALinkTypeCannotMeetPassesNothing
			}
			if got, want := passed(t, path, expr), tcpdumpCount(t, path, expr); got != want {
				t.Errorf("%s of %s: %s frames pass, %s with tcpdump", expr, filepath.Base(path), got, want)
			}
		}
	}
}

func TestLengthOfACutFrameIsThatOnTheWire(t *testing.T) {
	needProgram(t, "tcpdump")
	ip := "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x08\x00\x45\x00\x05\xdc"
	path := write(t, t.TempDir(), "cut", pcapOf(littleEndian, magicMicro, 1,
		sample{wire: 1500, data: ip}, sample{data: ip}, sample{wire: 300000, data: ip + "\x00\x00\x20\x00"}, sample{wire: 20, data: ""}))
	for _, expr := range []string{"len = 1500", "len > 1000", "len <= 20", "ip and len > 20", "ether[len - 1500 + 15] = 0",
		"len - ip[2:2] = 0", "ether[4294967294 + len] = 0"} {
		if got, want := passed(t, path, expr), tcpdumpCount(t, path, expr); got != want {
			t.Errorf("%s: %s frames pass, %s with tcpdump", expr, got, want)
		}
	}
}

func TestFilterIsCompiledForEachLinkType(t *testing.T) {
	l := littleEndian
	ip := "\x45\x00\x00\x1c\x00\x00\x00\x00\x40\x11\x00\x00\x01\x02\x03\x04\x05\x06\x07\x08\x00\x01\x00\x87\x00\x08\x00\x00"
	sll2 := "\x08\x00\x00\x00\x00\x00\x00\x01\x00\x01\x00\x06\x00\x00\x00\x00\x00\x00\x00\x00"
	path := write(t, t.TempDir(), "a", join(section(l),
		interfaceOf(l, 101, 0), interfaceOf(l, 276, 0), interfaceOf(l, 1, 0),
		enhanced(l, 0, 0, sample{data: ip}), enhanced(l, 1, 0, sample{data: sll2 + ip}), enhanced(l, 2, 0, sample{data: ip})))
	all, _ := readAll(t, Config{Filter: "udp dst port 135"}, path)
	var refused []bool
	for _, g := range all {
		refused = append(refused, g.Filtered)
	}
	if got, want := fmt.Sprint(refused), "[false false true]"; got != want {
		t.Errorf("raw, SLL2, not Ethernet: filtered %s, want %s", got, want)
	}
}

func TestFilterThatCannotBeCompiledIsRefusedAtOnceWithTheReason(t *testing.T) {
	path := write(t, t.TempDir(), "a", pcapOf(littleEndian, magicMicro, 1, sample{data: "x"}))
	f := func(expr, reason string) {
		t.Helper()
		_, err := Open([]string{path}, Config{Filter: expr})
		var e *FilterError
		if !errors.As(err, &e) || !strings.Contains(err.Error(), reason) || !strings.Contains(err.Error(), "pcap-filter(7)") {
			t.Errorf("open with %q: %v, want %q", expr, err, reason)
		}
		if check := CheckFilter(expr); check == nil {
			t.Errorf("CheckFilter(%q) is nil", expr)
		}
	}
	f("udp and and", "syntax error")
	f("dst port 99999", "illegal port number 99999 > 65535")
	f("ether[4294963201] = 1", "has no equal in golang.org/x/net/bpf")
}

func TestCheckFilterPassesWhatSomeLinkTypeHas(t *testing.T) {
	for _, expr := range []string{"", "udp port 135", "wlan type mgt", "ether host 1:2:3:4:5:6"} {
		if err := CheckFilter(expr); err != nil {
			t.Errorf("%q: %v", expr, err)
		}
	}
}

func TestFilterThatALinkTypeDoesNotKnow(t *testing.T) {
	l, dir := littleEndian, t.TempDir()
	_, err := Open([]string{write(t, dir, "raw", pcapOf(l, magicMicro, 101, sample{data: "x"}))}, Config{Filter: "wlan type mgt"})
	var e *FilterError
	if !errors.As(err, &e) || e.Link != 101 {
		t.Errorf("first interface: %v, want a FilterError of Open", err)
	}
	late := write(t, dir, "late", join(section(l), interfaceOf(l, 105, 0), enhanced(l, 0, 0, sample{data: "x"}),
		interfaceOf(l, 101, 0), enhanced(l, 1, 0, sample{data: "y"})))
	all, reports := readAll(t, Config{Filter: "wlan type mgt"}, late)
	if !errors.As(reports[0].Err, &e) || len(all) != 1 {
		t.Errorf("later interface: %d frames, error %v", len(all), reports[0].Err)
	}
}

func TestExpressionThatALinkTypeCannotMeetPassesNothing(t *testing.T) {
	path := write(t, t.TempDir(), "a", pcapOf(littleEndian, magicMicro, 228, sample{data: "x"}))
	if n := passed(t, path, "ip6"); n != "0" {
		t.Errorf("%s frames of an IPv4 link pass ip6", n)
	}
	if err := CheckFilter("ip and ip6"); err == nil {
		t.Error("an expression that no link type can meet is taken")
	}
}

func TestProgramsOfAFilterAreBounded(t *testing.T) {
	f := newFilters("ip")
	one := &program{}
	for i := range maxPrograms {
		f.programs[dialect{link: decoders.LinkType(1000 + i)}] = one
	}
	if p, err := f.program(1000, littleEndian); p != one || err != nil {
		t.Errorf("a known link type at the bound: %v", err)
	}
	if _, err := f.program(1, littleEndian); err == nil || len(f.programs) != maxPrograms {
		t.Errorf("one more link type: error %v, %d programs", err, len(f.programs))
	}
}

func TestInstructionThatTheMachineLacksIsRefused(t *testing.T) {
	for _, code := range []uint16{0x81, 0x8c, 0x21, 0xffff} {
		if _, err := translate([]pcap.BPFInstruction{{Code: code}, {Code: 6}}); err == nil {
			t.Errorf("code %#x is taken", code)
		}
	}
}
