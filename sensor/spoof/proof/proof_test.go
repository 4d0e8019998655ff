package proof_test

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io/fs"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"popupwatch/sensor/spoof/proof"
)

// Nothing that reads octets makes a proof, whatever they say.
func TestNothingDecodesAProof(t *testing.T) {
	says := `{"rule":1,"Rule":1,"subject":{"Source":"24.64.8.1:1045"},"short":false,"Valid":true,"genuine":{"rule":1}}`
	var g proof.Genuine
	into := holder(&g)
	if err := json.Unmarshal([]byte(says), into); err == nil && g.Valid() {
		t.Error("JSON made a proof")
	}
	if err := xml.Unmarshal([]byte("<Genuine><rule>1</rule></Genuine>"), into); err == nil && g.Valid() {
		t.Error("XML made a proof")
	}
	var b bytes.Buffer
	type twin struct{ Rule, Short int }
	if err := gob.NewEncoder(&b).Encode(twin{1, 1}); err != nil {
		t.Fatal(err)
	}
	if err := gob.NewDecoder(&b).Decode(&g); err == nil || g.Valid() {
		t.Error("gob made a proof")
	}
	if err := gob.NewEncoder(&b).Encode(g); err == nil {
		t.Error("gob wrote a proof")
	}
	if _, err := fmt.Sscan("1", &g); err == nil || g.Valid() {
		t.Error("fmt made a proof")
	}
	if s, err := json.Marshal(into); err != nil || string(s) != "{}" {
		t.Errorf("JSON says of a proof: %s", s)
	}
}

// holder gives a value as a decoder gets it that somebody else calls: staticcheck would tell at once that it is of no use.
//
//go:noinline
func holder(v any) any { return v }

// Reflection sees the fields and may not set them; what converts to the type is not valid.
func TestReflectionMakesNoProof(t *testing.T) {
	v := reflect.New(reflect.TypeFor[proof.Genuine]()).Elem()
	for i := range v.NumField() {
		if v.Field(i).CanSet() {
			t.Errorf("field %s can be set", v.Type().Field(i).Name)
		}
		if v.Type().Field(i).IsExported() {
			t.Errorf("field %s is exported", v.Type().Field(i).Name)
		}
	}
	if v.Interface().(proof.Genuine).Valid() {
		t.Error("the zero value is valid")
	}
	fields := []reflect.StructField{{Name: "Rule", Type: reflect.TypeFor[proof.Rule]()}}
	if reflect.StructOf(fields).ConvertibleTo(v.Type()) {
		t.Error("another struct converts to a proof")
	}
}

// Whatever the language offers to write a value of another package's type is refused by the compiler.
func TestTheCompilerRefusesAProof(t *testing.T) {
	in := importer.ForCompiler(token.NewFileSet(), "source", nil)
	if _, err := in.Import("popupwatch/sensor/spoof/proof"); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		says string
		good bool
	}{
		{`var g proof.Genuine`, true},
		{`var g = proof.Genuine{}`, true},
		{`var g = proof.Genuine{rule: proof.RuleTCP}`, false},
		{`var g = proof.Genuine{proof.RuleTCP, proof.Subject{}, time.Time{}, [3]uint64{}, true, false}`, false},
		{`func f() { var g proof.Genuine; g.rule = proof.RuleTCP }`, false},
		{`func f(g proof.Genuine) *proof.Rule { return &g.rule }`, false},
		{`type own struct { rule proof.Rule; subject proof.Subject; at time.Time; frames [3]uint64; executed, short bool }
		  var g = proof.Genuine(own{rule: proof.RuleTCP})`, false},
		{`type own proof.Genuine
		  func f(o own) { o.rule = proof.RuleTCP }`, false},
		{`type own struct { proof.Genuine }
		  func (own) Valid() bool { return true }
		  var g proof.Genuine = own{}`, false},
		{`func f(b *proof.Bench) { b.trials = nil }`, false},
	} {
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, "x.go", "package x\nimport (\"time\"; \"popupwatch/sensor/spoof/proof\")\nvar _ time.Time\n"+c.says, 0)
		if err != nil {
			t.Fatal(err)
		}
		check := types.Config{Importer: in}
		if _, err := check.Check("x", set, []*ast.File{file}, nil); (err == nil) != c.good {
			t.Errorf("%s: %v", c.says, err)
		}
	}
}

// No file of the program goes around the language, and only those who must name a proof.
func TestWhoNamesAProof(t *testing.T) {
	const root = "../../.."
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		if err != nil {
			return err
		}
		in := filepath.ToSlash(filepath.Dir(strings.TrimPrefix(name, root+"/")))
		for _, i := range file.Imports {
			switch {
			case i.Path.Value == `"unsafe"` && strings.HasPrefix(in, "sensor/spoof"):
				t.Errorf("%s imports unsafe", name)
			case i.Path.Value == `"popupwatch/sensor/spoof/proof"` && in != "sensor/spoof" && in != "sensor/report":
				t.Errorf("%s names a proof", name)
			}
		}
		for _, group := range file.Comments {
			for _, c := range group.List {
				if strings.HasPrefix(c.Text, "//go:linkname") && strings.Contains(c.Text, "spoof") {
					t.Errorf("%s: %s", name, c.Text)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
