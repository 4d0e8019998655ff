package rules

import (
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/expr-lang/expr/vm"
	"pgregory.net/rapid"
)

func TestEachFieldIsInTheRecordWithItsTypeAndPart(t *testing.T) {
	types := map[string]string{"int": "int", "float64": "number", "bool": "bool", "string": "string"}
	have := map[string]string{}
	for part, of := range map[Part]reflect.Type{PartText: reflect.TypeFor[textFields](), PartSender: reflect.TypeFor[senderFields]()} {
		for f := range of.Fields() {
			have[f.Tag.Get("expr")] = part.String() + " " + types[f.Type.String()]
		}
	}
	delete(have, "word_hits")
	for _, f := range Fields() {
		if want := f.Part.String() + " " + f.Type; have[f.Name] != want {
			t.Errorf("field %s is listed as %s, the record has %q", f.Name, want, have[f.Name])
		}
		if isDirect := truths[f.Name] != nil || numbers[f.Name] != nil; isDirect == (f.Type == "string") {
			t.Errorf("field %s of type %s: read directly is %v", f.Name, f.Type, isDirect)
		}
		delete(have, f.Name)
	}
	for name := range have {
		t.Errorf("field %s of the record is not listed", name)
	}
}

// drawRecord fills every field by its type, so that a field read as another shows.
func drawRecord(t *rapid.T) *record {
	r := &record{}
	for _, part := range []reflect.Value{reflect.ValueOf(&r.textFields).Elem(), reflect.ValueOf(&r.senderFields).Elem()} {
		for i := range part.NumField() {
			switch f := part.Field(i); f.Kind() {
			case reflect.Int:
				f.SetInt(rapid.Int64Range(0, 3).Draw(t, "int"))
			case reflect.Float64:
				f.SetFloat(rapid.SampledFrom([]float64{0, 0.5, 1}).Draw(t, "share"))
			case reflect.Bool:
				f.SetBool(rapid.Bool().Draw(t, "bool"))
			}
		}
	}
	r.WordHits = rapid.SliceOfN(rapid.Uint16Range(0, 3), 2, 2).Draw(t, "hits")
	return r
}

func drawNumber(t *rapid.T) string {
	var names []string
	for _, f := range fields {
		if f.Type == "int" || f.Type == "number" {
			names = append(names, f.Name)
		}
	}
	names = append(names, `hits("tea")`, `hits("milk")`, "0", "1", "2.5")
	s := rapid.SampledFrom(names).Draw(t, "number")
	if rapid.Bool().Draw(t, "sum") {
		s += " + " + rapid.SampledFrom(names).Draw(t, "number")
	}
	return s
}

func drawCondition(t *rapid.T, depth int) string {
	switch kind := rapid.IntRange(0, 4).Draw(t, "kind"); {
	case kind == 0 && depth > 0:
		return "not (" + drawCondition(t, depth-1) + ")"
	case kind <= 2 && depth > 0:
		return fmt.Sprintf("(%s) %s (%s)", drawCondition(t, depth-1), rapid.SampledFrom([]string{"and", "or", "&&", "||", "==", "!="}).Draw(t, "connective"), drawCondition(t, depth-1))
	case kind == 3:
		i := rapid.SampledFrom(fields).Filter(func(f Field) bool { return f.Type == "bool" }).Draw(t, "bool")
		return i.Name
	}
	return drawNumber(t) + rapid.SampledFrom([]string{" > ", " >= ", " < ", " <= ", " == ", " != "}).Draw(t, "comparison") + drawNumber(t)
}

func TestATranslatedConditionAnswersAsTheMachineDoes(t *testing.T) {
	translated := 0
	rapid.Check(t, func(t *rapid.T) {
		when := drawCondition(t, 2)
		c, err := compileCondition(when, map[string]int{"tea": 0, "milk": 1})
		if err != nil {
			t.Fatalf("%s: %v", when, err)
		}
		if c.direct == nil {
			return
		}
		translated++
		r := drawRecord(t)
		machine := vm.VM{MemoryBudget: maxValues}
		want, err := machine.Run(c.program, r)
		if err != nil || want != c.direct(r) {
			t.Errorf("%s: the machine says %v, %v, the translation %v", when, want, err, c.direct(r))
		}
	})
	if translated == 0 {
		t.Error("no condition was translated")
	}
}

func TestConditionsOnTextOfTheDefaultRulesNeedNoMachine(t *testing.T) {
	for when, c := range defaultSet(t).conditions {
		if c.part == PartText && c.direct == nil {
			t.Errorf("%s runs on the machine", when)
		}
	}
}

// page is the topic that `popupwatch help rules` prints.
const page = "../cmd/popupwatch/topics/rules.md"

func TestThePageNamesEveryKeyAndField(t *testing.T) {
	data, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	words := slices.Concat(fileKeys, thresholdKeys, ruleKeys, placeholders, functions)
	for _, f := range Fields() {
		words = append(words, f.Name)
	}
	for _, word := range words {
		if !strings.Contains(string(data), "`"+word+"`") {
			t.Errorf("%s does not name `%s`", page, word)
		}
	}
}

func TestTheExampleOfThePageIsARuleFile(t *testing.T) {
	data, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(data), "```yaml\n")
	example, _, found := strings.Cut(rest, "```")
	if !found {
		t.Fatalf("%s has no example", page)
	}
	path := t.TempDir() + "/example.yml"
	if err := os.WriteFile(path, []byte(example), 0o600); err != nil {
		t.Fatal(err)
	}
	rules, err := Check(path)
	if err != nil || len(rules) == 0 {
		t.Errorf("%d rules, %v", len(rules), err)
	}
}
