package text

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"testing"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
)

type wireString struct {
	RawHex   string `json:"raw_hex"`
	ShownHex string `json:"shown_hex"`
	Shown    string `json:"shown"`
}

func (w wireString) octets(t *testing.T) []byte {
	t.Helper()
	b, err := hex.DecodeString(w.RawHex)
	if err != nil {
		t.Fatalf("decode the vector's octets: %v", err)
	}
	return b
}

type vectorFrame struct {
	Intended       *string `json:"intended_text"`
	From, To, Text wireString
}

func vectorFrames(t *testing.T, name string) []vectorFrame {
	t.Helper()
	b, err := os.ReadFile("../../testdata/vectors/" + name)
	if err != nil {
		t.Fatal(err)
	}
	var v struct{ Frames []vectorFrame }
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatal(err)
	}
	return v.Frames
}

func TestDecodeShowsWhatTheSenderOfEachVectorMeant(t *testing.T) {
	for _, name := range []string{"36_codepages.json", "39_wild_style.json", "04_ebcdic.json"} {
		for i, f := range vectorFrames(t, name) {
			want := f.Text.Shown
			if name == "39_wild_style.json" { // "shown" makes line ends visible there; "shown_hex" is what is meant
				want = string(wireString{RawHex: f.Text.ShownHex}.octets(t))
			}
			if f.Intended != nil {
				want = *f.Intended
			}
			from, to, text, page, _ := Decode(f.From.octets(t), f.To.octets(t), f.Text.octets(t), name == "04_ebcdic.json")
			if text.Shown != want || from.Shown != f.From.Shown || to.Shown != f.To.Shown || !text.Exact {
				t.Errorf("%s frame %d: %q %q %q exact %v (page %s), want %q %q %q", name, i, from.Shown, to.Shown, text.Shown, text.Exact, page, f.From.Shown, f.To.Shown, want)
			}
		}
	}
}

func TestDecodeFindsThePageOfEachLanguage(t *testing.T) {
	tests := []struct {
		coding encoding.Encoding
		texts  []string
	}{
		{charmap.CodePage437, []string{
			"ACHTUNG! Ihr Computer ist gefährdet. Bitte besuchen Sie www.beispiel.de für ein Update.",
			"Für Ihre Sicherheit", "Erklärung", "größer", "Das Gerät läuft über die Gebühr hinaus",
			"Votre ordinateur est infecté. Téléchargez dès maintenant le correctif à l'adresse www.exemple.fr",
			"El sistema está dañado. Descargue la actualización en www.ejemplo.es", "¡Atención! ¿Su equipo está lento?", "Peligro: señal",
			"╔══════════╗\r\n║ WARNING! ║\r\n╚══════════╝ your registry is damaged",
		}},
		{charmap.CodePage850, []string{
			"ATENÇÃO! Seu computador não está protegido. Visite www.exemplo.com.br",
			"ATENCIÓN: SU EQUIPO ESTÁ DAÑADO", "À L'ATTENTION DE L'UTILISATEUR: VOTRE ORDINATEUR EST INFECTÉ",
			"ACHTUNG! IHR COMPUTER IST GEFÄHRDET. BESUCHEN SIE UNS JETZT",
		}},
		{charmap.Windows1252, []string{
			"ACHTUNG! Ihr Computer ist gefährdet. Bitte besuchen Sie www.beispiel.de für ein Update.",
			"Für Ihre Sicherheit", "Erklärung", "größer", "GEFÄHRLICH! IHR PC IST NICHT GESCHÜTZT",
			"Votre ordinateur est infecté. Téléchargez dès maintenant le correctif à l'adresse www.exemple.fr",
			"Félicitations ! Vous avez gagné", "El sistema está dañado. Descargue la actualización", "¡ATENCIÓN! SU EQUIPO ESTÁ EN PELIGRO",
			"Microsoft® Windows™ has found 55 errors – visit “www.fix.com” today",
			"Windows\u00a0 has found errors. Your registry is damaged.", "Your computer is at risk!\u00a0\r\nVisit www.fix.com",
		}},
		{charmap.CodePage852, []string{
			"UWAGA! Twój komputer jest zagrożony. Odwiedź stronę www.przyklad.pl i pobierz poprawkę",
			"Błąd krytyczny systemu", "Wykryto błędy w rejestrze systemu Windows. Naprawić?", "KOMPUTER ZOSTAŁ ZARAŻONY WIRUSEM",
			"Varování! Váš počítač je napaden virem. Navštivte ihned stránku", "Důležité upozornění: systém není chráněn", "Chyba v registru: klikněte zde",
			"FIGYELEM! Az Ön számítógépe megfertőződött",
		}},
		{charmap.CodePage866, []string{
			"Внимание! Ваш компьютер заражен вирусом. Посетите сайт www.primer.ru", "Внимание", "ВНИМАНИЕ! СИСТЕМНАЯ ОШИБКА", "Срочно: скачайте обновление Windows", "Ошибка",
			"Дешёвые кредиты, звоните 123-45-67", "Привет",
		}},
		{japanese.ShiftJIS, []string{
			"警告！あなたのコンピュータはウイルスに感染しています。www.example.jp をご覧ください。", "警告", "重要なお知らせ", "システムエラー", "今すぐダウンロードしてください", "無料", "ｳｲﾙｽ警告",
			"Windowsのレジストリが壊れています",
		}},
		{korean.EUCKR, []string{
			"경고! 당신의 컴퓨터가 바이러스에 감염되었습니다. www.example.co.kr 에서 다운로드하세요.", "경고", "대출 상담 문의", "긴급 알림", "무료 쿠폰 받으세요", "지금 바로 클릭하세요", "신용카드",
		}},
		{simplifiedchinese.GBK, []string{
			"警告！您的计算机已感染病毒，请立即访问 www.example.cn 下载补丁。", "注意", "警告", "代开发票", "系统错误", "办理文凭，电话：13800138000", "请立即下载", "重要通知",
		}},
	}
	for _, test := range tests {
		for _, want := range test.texts {
			octets, err := test.coding.NewEncoder().Bytes([]byte(want))
			if err != nil {
				t.Fatalf("%v cannot write %q: %v", test.coding, want, err)
			}
			_, _, got, page, margin := Decode([]byte("SYSTEM\x00"), []byte("ALERT\x00"), octets, false)
			if got.Shown != want || !got.Exact {
				t.Errorf("%v: %q shown as %s %q (margin %d)", test.coding, want, page, got.Shown, margin)
			}
		}
	}
}

func TestDecodeReadsUTF8OfEveryScript(t *testing.T) {
	for _, want := range []string{"Grüße €", "Внимание!", "警告", "경고! 바이러스", "señal", "é", "注意"} {
		_, _, got, page, _ := Decode(nil, nil, []byte(want), false)
		if got.Shown != want || page != PageUTF8 {
			t.Errorf("%q shown as %s %q", want, page, got.Shown)
		}
	}
}

func TestRememberedPageIsTheOneThatWasWeighed(t *testing.T) {
	a := NewAnalyzer(Config{})
	for range 2 {
		for _, octets := range []string{"gef\x84hrdet", "gef\xe4hrdet", "\x82ada", "\x8cx\x8d\x90", "\xb0\xe6\xb0\xed"} {
			_, _, want, page, margin := Decode(nil, nil, []byte(octets), false)
			if _, _, got, gotPage, gotMargin := a.Decode(nil, nil, []byte(octets), false); got != want || gotPage != page || gotMargin != margin {
				t.Errorf("%q: remembered %s %d, weighed %s %d", octets, gotPage, gotMargin, page, margin)
			}
		}
	}
}
