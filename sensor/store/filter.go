package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// ErrNotFound is a campaign, source or event that the store does not hold.
var ErrNotFound = errors.New("the store does not hold it")

// FilterError is a condition that cannot be asked for.
type FilterError struct {
	Term int // which of Filter.Terms
	Says string
}

func (e *FilterError) Error() string { return e.Says }

// maxValues bounds the values of one condition.
const maxValues = 64

// condition is one condition in SQL, on popup p.
type condition struct {
	sql  string
	args []any
}

// conditions are those of a filter: in SQL, and the wordings that a popup has to have.
type conditions struct {
	where    []condition
	wordings []*wordingSet
}

// conditions turns the terms of a filter into conditions.
func (s *Store) conditions(ctx context.Context, f Filter) (c conditions, err error) {
	for i, t := range f.Terms {
		if err := s.addTerm(ctx, t, &c); err != nil {
			return c, atTerm(err, i)
		}
	}
	return c, nil
}

// Check says whether a filter can be asked for: its error is a *FilterError where not.
func (s *Store) Check(ctx context.Context, f Filter) error {
	_, err := s.conditions(ctx, f)
	return err
}

// atTerm says which term an error of a filter is about.
func atTerm(err error, i int) error {
	var wrong *FilterError
	if errors.As(err, &wrong) {
		wrong.Term = i
	}
	return err
}

// addTerm adds the condition of one term.
func (s *Store) addTerm(ctx context.Context, t Term, to *conditions) error {
	if err := check(t); err != nil {
		return err
	}
	switch t.Field {
	case FieldText, FieldFrom, FieldTo, FieldDomain, FieldURL, FieldPhone, FieldEmail:
		set, err := s.wordingSet(ctx, t)
		to.wordings = append(to.wordings, set)
		return err
	}
	c, err := s.termCondition(ctx, t)
	if t.Not {
		c.sql = "NOT COALESCE(" + c.sql + ", 0)"
	}
	to.where = append(to.where, c)
	return err
}

// check refuses terms that mean nothing.
func check(t Term) error {
	if len(t.Values) == 0 || len(t.Values) > maxValues {
		return wrong("%s: 1 to %d values", t.Field, maxValues)
	}
	if t.Compare != Equal && t.Field != FieldPort && t.Field != FieldScore {
		return wrong("%s is no number: it cannot be compared", t.Field)
	}
	return nil
}

func wrong(format string, args ...any) error { return &FilterError{Says: fmt.Sprintf(format, args...)} }

// termCondition is the condition of a term that asks for no wording, in SQL.
func (s *Store) termCondition(ctx context.Context, t Term) (condition, error) {
	switch t.Field {
	case FieldSource, FieldTarget:
		return anyOf(t, addressIn("p."+t.Field.String()))
	case FieldPort, FieldScore:
		return anyOf(t, numberCondition)
	case FieldCampaign:
		return s.campaignCondition(ctx, t)
	case FieldVerdict:
		return codeCondition(t, verdictWords[1:], "p.verdict")
	case FieldRoute:
		return codeCondition(t, routeWords[1:], "p.route")
	case FieldState:
		return codeCondition(t, stateWords[1:], stateNow)
	}
	return wordCondition(t)
}

// stateNow is the newest state of a popup's claim; that of its own moment where no claim is known.
const stateNow = "COALESCE((SELECT c.state FROM claim c WHERE c.ip = p.source AND c.name = p.claim ORDER BY c.last DESC LIMIT 1), p.state)"

// anyOf joins the conditions of a term's values by or.
func anyOf(t Term, one func(Term, string) (condition, error)) (condition, error) {
	var all condition
	parts := make([]string, 0, len(t.Values))
	for _, v := range t.Values {
		c, err := one(t, v)
		if err != nil {
			return condition{}, err
		}
		parts = append(parts, c.sql)
		all.args = append(all.args, c.args...)
	}
	all.sql = "(" + strings.Join(parts, " OR ") + ")"
	return all, nil
}

// addressIn gives the condition that a column holds an address, or one of a prefix.
func addressIn(column string) func(Term, string) (condition, error) {
	return func(t Term, value string) (condition, error) {
		first, last, err := addressRange(value)
		if err != nil {
			return condition{}, wrong("%s: %v", t.Field, err)
		}
		return condition{column + " BETWEEN ? AND ?", []any{first, last}}, nil
	}
}

// addressRange gives the first and the last key of an address or prefix.
func addressRange(value string) (first, last []byte, err error) {
	if a, err := netip.ParseAddr(value); err == nil && a.Zone() == "" {
		key := addressKey(value)
		return key, key, nil
	}
	p, err := netip.ParsePrefix(value)
	if err != nil {
		return nil, nil, fmt.Errorf("%q is no address and no prefix (192.0.2.7, 192.0.2.0/24)", value)
	}
	bits := p.Bits()
	if p.Addr().Is4() {
		bits += 96
	}
	from := p.Masked().Addr().As16()
	to := from
	for i := bits; i < 128; i++ {
		to[i/8] |= 0x80 >> (i % 8)
	}
	return from[:], to[:], nil
}

func numberCondition(t Term, value string) (condition, error) {
	n, err := strconv.ParseFloat(value, 64)
	if err != nil || n != n {
		return condition{}, wrong("%s: %q is no number", t.Field, value)
	}
	operator := [...]string{"=", ">=", "<="}[t.Compare]
	return condition{"p." + t.Field.String() + " " + operator + " ?", []any{n}}, nil
}

// advertRange gives the first and the last value that stand for what is asked for.
func advertRange(f Field, value string) (kind int, first, last string) {
	kind = int(f - FieldDomain)
	if f == FieldDomain {
		first = turned(value)
		return kind, first, first + "\U0010ffff"
	}
	return kind, value, value
}

// campaignCondition is that a popup is of a campaign, by its id or an alias.
func (s *Store) campaignCondition(ctx context.Context, t Term) (condition, error) {
	ids, err := s.campaignNumbers(ctx, t.Values)
	if err != nil {
		return condition{}, err
	}
	return condition{"p.campaign IN (" + numbers(ids) + ")", nil}, nil
}

// campaignNumbers gives the numbers of campaigns by their ids or aliases.
func (s *Store) campaignNumbers(ctx context.Context, names []string) (ids []int64, err error) {
	list, err := json.Marshal(names)
	if err != nil {
		return nil, err
	}
	rows, err := s.db.QueryContext(ctx, `SELECT id FROM word WHERE word IN (SELECT value FROM json_each(?1))
		UNION SELECT campaign FROM alias WHERE alias IN (SELECT value FROM json_each(?1)) LIMIT 1000`, string(list))
	return collect(rows, err, scanOne[int64])
}

// numbers writes numbers of ours for an IN.
func numbers(ids []int64) string {
	var b []byte
	for i, id := range ids {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(b, id, 10)
	}
	return string(b)
}

// codeCondition is that a column holds one of a closed list of words.
func codeCondition(t Term, words []string, column string) (condition, error) {
	var ids []int64
	for _, v := range t.Values {
		i := slices.Index(words, v)
		if i < 0 {
			return condition{}, wrong("%s: %q is none of %s", t.Field, v, strings.Join(words, ", "))
		}
		ids = append(ids, int64(i+1))
	}
	return condition{column + " IN (" + numbers(ids) + ")", nil}, nil
}

// rulesMark stands before the lists of rules among the words.
const rulesMark = "rules:"

// wordCondition is that a column holds one of several words.
func wordCondition(t Term) (condition, error) {
	list, err := json.Marshal(t.Values)
	if err != nil {
		return condition{}, err
	}
	switch t.Field {
	case FieldRule:
		return condition{"p.rules IN (SELECT w.id FROM word w, json_each(?) v WHERE w.word BETWEEN 'rules:' AND 'rules;' AND instr(w.word || ',', ',' || v.value || ',') > 0)",
			[]any{string(list)}}, nil
	case FieldLanguage:
		return condition{"p.campaign IN (SELECT c.id FROM campaign c JOIN word w ON w.id = c.language WHERE w.word IN (SELECT value FROM json_each(?)))",
			[]any{string(list)}}, nil
	}
	return inWords("p."+t.Field.String(), t.Values)
}

// inWords is that a column holds the number of one of several words.
func inWords(column string, words []string) (condition, error) {
	list, err := json.Marshal(words)
	return condition{column + " IN (SELECT id FROM word WHERE word IN (SELECT value FROM json_each(?)))", []any{string(list)}}, err
}

// leastBeginning is how many letters stand before a *: fewer begin so many words that finding their popups takes longer than a question may. Other
// alphabets, whose letters are words, have more octets.
const leastBeginning = 3

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r >= utf8.RuneSelf })
}

// matchOf writes the expression of FTS5 for a term: each value is a phrase, a * behind it asks for words that begin so. What is no word
// (quotes, operators, NUL) cannot be asked for (sqlite.org/fts5.html 3).
func matchOf(t Term) (string, error) {
	phrases := make([]string, 0, len(t.Values))
	for _, v := range t.Values {
		if !strings.ContainsFunc(v, isWordRune) {
			return "", wrong("%s: %q holds no word to look for", t.Field, v)
		}
		phrase, star := strings.CutSuffix(v, "*")
		if star && len(phrase) < leastBeginning && isASCII(phrase) {
			return "", wrong("%s: %q begins too many words: at least %d letters before the * are wanted", t.Field, v, leastBeginning)
		}
		phrase = `"` + strings.NewReplacer(`"`, " ", "\x00", " ").Replace(phrase) + `"`
		if star {
			phrase += " *"
		}
		phrases = append(phrases, phrase)
	}
	column := [...]string{"body", "sender", "recipient"}[t.Field]
	return column + " : (" + strings.Join(phrases, " OR ") + ")", nil
}
