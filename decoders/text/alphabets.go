package text

import "strings"

// alphabet is what a language writes outside ASCII, small letters only, by how often, and some of its most frequent words.
type alphabet struct {
	common string // above one in a hundred
	usual  string
	rare   string
	tenths [3]int // cost of each of the three, tenths of a nat
	words  string // between blanks
}

var latinCost = [3]int{-42, -54, -72}

// The languages of the Western and Central European pages, and of CP866. English comes first: it has no letters of its own, but more popups than all the others.
var (
	english = alphabet{rare: "éñüï", tenths: [3]int{0, 0, -82}, words: " the your you to and is of for windows this has are at "}

	western = []alphabet{
		english,
		{"äüö", "ß", "éèà", latinCost, " der die das und ist ihr sie für nicht auf ein eine mit von zu sind werden wurde können über jetzt bitte oder klicken "},
		{"éèà", "êçùâîô", "ûëïœæü", latinCost, " le la les de des est et vous votre un une pour que dans sur pas été ce à cliquez ordinateur avec ou "},
		{"óáíé", "ñú", "ü", latinCost, " el la los de que en su es un una para con por está sus más ha se del equipo ordenador "},
		{"ãçáéí", "óõâê", "úàôü", latinCost, " o a os de que em seu um uma para com não é está do da no na computador você "},
		{"àèì", "òùé", "óíú", latinCost, " il la di che è un una per con non del sono più tuo computer alla "},
		{"äöå", "øæé", "üè", latinCost, " och att det är en som på för din ditt og er til på ikke deres jeg ja on ei oma "},
		{"éëï", "öüè", "áóê", latinCost, " de het een en van is uw u voor niet op te met zijn "},
	}

	central = []alphabet{
		english,
		{"ąęłóśż", "ćń", "źé", latinCost, " w i na się do nie jest z to twój że o przez lub komputer został dla jak aby może "},
		{"áíéěřšžčý", "úů", "óťňď", [3]int{-40, -54, -66}, " a je se na v vás pro že to byl do s počítač není si váš jsou nebo by "},
		{"áíéčšžýľ", "úťňô", "óďäĺŕ", [3]int{-42, -54, -68}, " a je sa na v vás pre že to bol do s počítač nie si váš sú alebo by "},
		{"áéöóő", "üíűú", "ä", [3]int{-40, -54, -72}, " a az és hogy nem egy van meg ez számítógép ön vagy kell "},
		{"čšž", "ćđ", "áé", latinCost, " i je u na se da za ne vaš računalo su ili od in ki za "},
		{"ăţşîâ", "țș", "é", latinCost, " de și în este un o pe la nu cu dumneavoastră calculator să "},
		{"äüö", "ß", "éá", latinCost, " der die das und ist ihr sie für nicht auf ein eine mit von zu sind werden wurde über bitte "},
	}

	cyrillic = []alphabet{
		english,
		{"оеаинтсрвл", "кмдпуяыьгзб", "чйхжшюцщэфъё", [3]int{-29, -38, -50}, " и в на не ваш что для вы с по это был или компьютер "},
		{"оаинтервск", "лудмпьягзб", "їієґчйхжшюцщф", [3]int{-29, -38, -52}, " і в на не ваш що для ви з та це або "},
	}

	none = []alphabet{english}

	everyAlphabet = append(append(append([]alphabet{}, western...), central...), cyrillic...)
)

func (a *alphabet) cost(r rune) int {
	switch {
	case strings.ContainsRune(a.common, r):
		return a.tenths[0]
	case strings.ContainsRune(a.usual, r):
		return a.tenths[1]
	case strings.ContainsRune(a.rare, r):
		return a.tenths[2]
	}
	return costForeign
}
