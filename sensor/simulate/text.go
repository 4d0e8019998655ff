package simulate

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// mailing is one mail-shot: its text with a token that differs from message to message, and the tool that sends it.
type mailing struct {
	number   uint32
	family   string
	from, to string
	head     string // before the token
	tail     string // after it
	legit    bool
	tool     tool
}

// grammar is what the texts of a split are made of. %s stands for an invented word, so that two mailings share little.
type grammar struct {
	openings, bodies, calls []string
	froms, tos              []string
}

// grammars are those of the splits: no sentence stands in both.
func grammars(split Split) grammar {
	if split == Test {
		return grammar{
			openings: []string{"Important notice for %s users!", "Your PC has been flagged by %s.", "WARNING: %s threat level is high!", "ATTENTION %s customers!"},
			bodies: []string{
				"Our %s scan shows %s spyware on your system.", "Pop-ups like this one come through the %s hole, which %s closes.",
				"Earn a %s university diploma in %s without exams.", "Lowest %s mortgage rates for %s owners, bad credit accepted.",
				"Thousands of %s owners already trust %s to clean the registry.", "The %s worm deletes every %s file on your disk.",
			},
			calls: []string{"Open your browser and type www.%s.com now, code ", "Free download at http://www.%s.net/?", "Fix it today: www.%s.biz/"},
			froms: []string{"SECURITY", "MICROSOFT NETWORKS", "Windows Alert", "ADMIN"}, tos: []string{"WINDOWS USER", "TO", "YOU", "PC OWNER"},
		}
	}
	return grammar{
		openings: []string{"STOP! %s requires immediate attention.", "Windows has found 47 critical system errors in %s.", "SYSTEM ALERT from %s:", "Critical error in %s!"},
		bodies: []string{
			"To fix the %s errors please update the %s registry cleaner.", "Your computer may be infected with %s, and %s cannot remove it.",
			"Get your %s university degree today, no %s required.", "Buy cheap %s pills online, %s shipping is free.",
			"Failure to repair %s may lead to loss of %s data.", "Block messenger popups such as %s with the %s patch.",
		},
		calls: []string{"Visit http://www.%s.com/?id=", "Please download the repair at www.%s.info/", "Go to www.%s.com and enter "},
		froms: []string{"SYSTEM", "SECURITY ALERT", "REGISTRY", "Windows"}, tos: []string{"ALERT", "USER", "WINDOWS USER", "COMPUTER"},
	}
}

// invented is a word that nobody else uses.
func invented(r *rand.Rand) string {
	const consonants, vowels = "bcdfghklmnprstvz", "aeiou"
	var b strings.Builder
	for range 2 + r.IntN(3) {
		b.WriteByte(consonants[r.IntN(len(consonants))])
		b.WriteByte(vowels[r.IntN(len(vowels))])
		if r.IntN(3) == 0 {
			b.WriteByte(consonants[r.IntN(len(consonants))])
		}
	}
	return b.String()
}

func pick(r *rand.Rand, of []string) string { return of[r.IntN(len(of))] }

// filled is a sentence with invented words in its places.
func filled(r *rand.Rand, sentence string) string {
	words := make([]any, strings.Count(sentence, "%s"))
	for i := range words {
		words[i] = invented(r) + " " + invented(r)
		if strings.Contains(sentence, "www.") {
			words[i] = invented(r) + invented(r)
		}
	}
	return fmt.Sprintf(sentence, words...)
}

// mailing begins a new mail-shot.
func (s *Stream) mailing(family string) *mailing {
	s.mailings++
	g, r := grammars(s.split), s.rng
	m := &mailing{number: s.mailings, family: family, from: pick(r, g.froms), to: pick(r, g.tos)}
	sentences := []string{filled(r, pick(r, g.openings))}
	for range 2 + r.IntN(3) {
		sentences = append(sentences, filled(r, pick(r, g.bodies)))
	}
	m.head = strings.Join(append(sentences, filled(r, pick(r, g.calls))), " ")
	m.tool = newTool(r)
	return m
}

// text is the text of one message.
func (m *mailing) text(r *rand.Rand) string {
	if m.legit {
		return fmt.Sprintf("%s%d%s", m.head, 100+r.IntN(900), m.tail)
	}
	const letters = "abcdefghijklmnopqrstuvwxyz0123456789"
	var token [6]byte
	for i := range token {
		token[i] = letters[r.IntN(len(letters))]
	}
	return m.head + string(token[:]) + m.tail
}

// legitimate are popups that somebody wants, with who sends them.
func legitimate() []mailing {
	return []mailing{
		{from: "PRINTSRV", to: "OFFICE", head: "Document ", tail: " was printed on HP LaserJet 4 in room 12."},
		{from: "UPS", to: "ADMINISTRATOR", head: "The UPS runs on battery. Remaining time: ", tail: " seconds. Please save your work."},
		{from: "BACKUP", to: "OPERATOR", head: "Backup job ", tail: " completed without errors. Please change the tape."},
		{from: "HELPDESK", to: "EVERYBODY", head: "The mail server will be down tonight from 22:00 for maintenance. Ticket ", tail: "."},
		{from: "NAVSERVER", to: "ADMIN", head: "Virus definition ", tail: " was installed on all clients."},
		{from: "FILESRV", to: "USERS", head: "Drive H: has only ", tail: " MB left. Please delete what you do not need."},
	}
}
