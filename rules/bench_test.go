package rules

import (
	"fmt"
	"strings"
	"testing"

	"popupwatch/decoders"
	"popupwatch/decoders/text"
)

// manyTexts are real spam, each made new by a number, in normal forms of about 400 octets.
func manyTexts(tb testing.TB, n int) []*decoders.Message {
	a := text.NewAnalyzer(text.Config{})
	m, _ := realSpam(tb)[0].popup(a, spamSettings[0])
	norm := m.Features.Form.Norm
	norm = strings.Repeat(norm+" ", 2)[:390]
	all := make([]*decoders.Message, n)
	for i := range all {
		one := *m
		one.Features = features(norm+fmt.Sprintf(" %08d", i), m.Features.Stats)
		all[i] = &one
	}
	return all
}

func BenchmarkJudgeSeen(b *testing.B) {
	set, a := defaultSet(b), text.NewAnalyzer(text.Config{})
	var ms []*decoders.Message
	for _, s := range realSpam(b) {
		m, _ := s.popup(a, spamSettings[0])
		ms = append(ms, m)
	}
	c := Context{Direction: decoders.DirectionInbound}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		set.Judge(ms[i], c)
		if i++; i == len(ms) {
			i = 0
		}
	}
}

func BenchmarkJudgeNewText(b *testing.B) {
	set, ms := defaultSet(b), manyTexts(b, 50_000)
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		set.Judge(ms[i], Context{})
		if i++; i == len(ms) { // by then long forgotten
			i = 0
		}
	}
}

func BenchmarkScanWords(b *testing.B) {
	set, ms := defaultSet(b), manyTexts(b, 1)
	counts := make([]uint16, len(set.words.lists))
	b.SetBytes(int64(len(ms[0].Features.Form.Norm)))
	b.ReportAllocs()
	for b.Loop() {
		set.words.count(ms[0].Features.Form.Norm, counts)
	}
}

func BenchmarkJudgeNewSender(b *testing.B) {
	set, ms := defaultSet(b), manyTexts(b, 1)
	from := make([]string, 50_000)
	for i := range from {
		from[i] = fmt.Sprint("Sender ", i)
	}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		ms[0].From.Shown = from[i]
		set.Judge(ms[0], Context{})
		if i++; i == len(from) {
			i = 0
		}
	}
}

func TestJudgingWhatWasSeenAllocatesNothing(t *testing.T) {
	set, ms := defaultSet(t), manyTexts(t, 1)
	set.Judge(ms[0], Context{})
	if n := testing.AllocsPerRun(1000, func() { set.Judge(ms[0], Context{}) }); n != 0 {
		t.Errorf("%v allocations, want 0", n)
	}
}
