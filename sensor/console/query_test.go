package console

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"popupwatch/sensor/store"
)

func TestAQueryMeansWhatItSays(t *testing.T) {
	for q, want := range map[string][]store.Term{
		"":                                nil,
		" \t\n":                           nil,
		"viagra":                          {{Field: store.FieldText, Values: []string{"viagra"}}},
		`"critical error" -text:regis*`:   {{Field: store.FieldText, Values: []string{"critical error"}}, {Field: store.FieldText, Not: true, Values: []string{"regis*"}}},
		`text:"critical err"*`:            {{Field: store.FieldText, Values: []string{"critical err*"}}},
		"state:unknown,forged_probable":   {{Field: store.FieldState, Values: []string{"unknown", "forged_probable"}}},
		"PORT:>=1026 score:<=-2.5":        {{Field: store.FieldPort, Compare: store.AtLeast, Values: []string{"1026"}}, {Field: store.FieldScore, Compare: store.AtMost, Values: []string{"-2.5"}}},
		`from:"a \"b\" \\c","d,e"`:        {{Field: store.FieldFrom, Values: []string{`a "b" \c`, "d,e"}}},
		"source:192.0.2.0/24 -domain:com": {{Field: store.FieldSource, Values: []string{"192.0.2.0/24"}}, {Field: store.FieldDomain, Not: true, Values: []string{"com"}}},
		"日本":                              {{Field: store.FieldText, Values: []string{"日本"}}},
		"a,b":                             {{Field: store.FieldText, Values: []string{"a,b"}}},
		"url:http://example.com/x":        {{Field: store.FieldURL, Values: []string{"http://example.com/x"}}},
	} {
		if got, err := ParseQuery(q); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %+v, %v, want %+v", q, got, err, want)
		}
	}
}

func TestAWrongQuerySaysWhereAndWhatToDo(t *testing.T) {
	for q, want := range map[string]QueryError{
		"port:":                         {5, "a value is missing", "field:value"},
		"prot:1":                        {0, "no field", "did you mean port:?"},
		"a  stat:x":                     {3, "no field", "did you mean state:?"},
		"http://example.com":            {0, "no field", "stands in quotes"},
		`from:"abc`:                     {5, "not closed", `\"`},
		`from:""`:                       {5, "empty", ""},
		`from:"a"b`:                     {8, "space is missing", ""},
		"-":                             {1, "a value is missing", ""},
		"a\xff":                         {0, "no UTF-8", ""},
		strings.Repeat("a", MaxQuery+1): {MaxQuery, "1025 octets", ""},
		strings.Repeat("a ", MaxConditions) + "b":  {2 * MaxConditions, "more than 32", "commas"},
		"port:1" + strings.Repeat(",2", maxValues): {0, "more than 64", ""},
		"port:1,":                      {7, "a value is missing", ""},
		strings.Repeat("x", 21) + ":1": {0, "no field", "fields are"},
	} {
		_, err := ParseQuery(q)
		var got *QueryError
		if !errors.As(err, &got) || got.At != want.At || !strings.Contains(got.Says, want.Says) || !strings.Contains(got.Hint, want.Hint) {
			t.Errorf("%.40q: %+v, want %+v", q, got, want)
		}
	}
	if _, err := ParseQuery(strings.Repeat("a ", MaxConditions)); err != nil {
		t.Error("at the bound: ", err)
	}
	if _, err := ParseQuery(strings.Repeat("a", MaxQuery)); err != nil {
		t.Error("at the bound: ", err)
	}
}

func TestATermIsReadAsItWasWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var terms []store.Term
		for range rapid.IntRange(1, 4).Draw(t, "terms") {
			terms = append(terms, store.Term{
				Field: store.Field(rapid.IntRange(0, store.FieldCount-1).Draw(t, "field")), Not: rapid.Bool().Draw(t, "not"),
				Compare: store.Compare(rapid.IntRange(0, 2).Draw(t, "compare")), Values: rapid.SliceOfN(rapid.StringN(1, 20, 60), 1, 3).Draw(t, "values"),
			})
		}
		q := FormatQuery(terms)
		if got, err := ParseQuery(q); len(q) <= MaxQuery && (err != nil || !reflect.DeepEqual(got, terms)) {
			t.Fatalf("%q: %+v, %v, want %+v", q, got, err, terms)
		}
	})
}

func FuzzQuery(f *testing.F) {
	for _, q := range []string{"", "viagra", `text:"critical error" -port:1026`, "state:unknown,forged_probable score:>=10", `from:"a \"b\""*`, "source:192.0.2.0/24", "prot:1", `"`, "-", "a:b:c"} {
		f.Add(q)
	}
	f.Fuzz(func(t *testing.T, q string) {
		terms, err := ParseQuery(q)
		var wrong *QueryError
		if err != nil && (!errors.As(err, &wrong) || wrong.At < 0 || wrong.At > len(q)) {
			t.Fatalf("%q: %v", q, err)
		}
		if err != nil {
			return
		}
		again := FormatQuery(terms)
		if got, err := ParseQuery(again); len(again) <= MaxQuery && (err != nil || !reflect.DeepEqual(got, terms)) {
			t.Fatalf("%q is %+v, and back from %q %+v, %v", q, terms, again, got, err)
		}
	})
}
