package text_test

import (
	"errors"
	"io"
	"strings"
	"testing"

	"popupwatch/decoders"
	"popupwatch/decoders/text"
	"popupwatch/sensor/capture"
)

func popups(t *testing.T, path string) (out []decoders.Message) {
	t.Helper()
	files, err := capture.Open([]string{path}, capture.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := files.Close(); err != nil {
			t.Error(err)
		}
	}()
	d := decoders.NewDecoder(decoders.Config{Memory: 1 << 20, Interface: files.Interface})
	var r decoders.Result
	for {
		f, err := files.Next()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		d.Decode(f, &r)
		out = append(out, r.Messages...)
	}
}

// realPopups are all popups of the captures of real traffic.
func realPopups(t *testing.T) (out []decoders.Message) {
	t.Helper()
	for _, name := range []string{"FTPv6-1", "SkypeIRC", "aol", "messenger", "packet_capture", "startmenu_Dameware"} {
		out = append(out, popups(t, "../../testdata/captures/wireshark-wiki_"+name+".pcap")...)
	}
	if len(out) < 30 {
		t.Fatalf("%d real popups", len(out))
	}
	return out
}

// The README of the captures says that 0xA0 occurs; it does, but in Ethernet addresses and other packets. This holds what is true of the popups.
func TestRealPopupsAreASCIIAndShownAsTheyAre(t *testing.T) {
	for _, m := range realPopups(t) {
		for _, s := range []text.String{m.From, m.To, m.Text} {
			shown, _, _ := strings.Cut(s.Raw, "\x00")
			if s.Shown != shown || !s.Exact || m.Page != text.PageASCII || strings.ContainsFunc(s.Raw, func(r rune) bool { return r > 0x7f }) {
				t.Errorf("frame %d: %q shown as %s %q", m.Frames, s.Raw, m.Page, s.Shown)
			}
		}
	}
}

// 0xA0 is the no-break space of CP1252 and the small a with acute of CP437 and CP850: who pastes from a web page sends one beside a blank or line end.
func TestNoBreakSpaceBesideABlankOfARealPopupIsABlank(t *testing.T) {
	tried := 0
	for _, m := range realPopups(t) {
		shown := m.Text.Shown
		for i := 1; i+1 < len(shown); i++ {
			if shown[i] != ' ' || shown[i-1] > ' ' && shown[i+1] > ' ' {
				continue
			}
			octets := []byte(shown)
			octets[i] = 0xa0
			_, _, got, page, margin := text.Decode([]byte(m.From.Shown), []byte(m.To.Shown), octets, false)
			if want := shown[:i] + "\u00a0" + shown[i+1:]; got.Shown != want || !got.Exact || text.Normalise(got.Shown) != text.Normalise(shown) {
				t.Errorf("frame %d octet %d: shown as %s %q, margin %d", m.Frames, i, page, got.Shown, margin)
			}
			tried++
		}
	}
	if tried < 30 {
		t.Errorf("%d places tried", tried)
	}
}
