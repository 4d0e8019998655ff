package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"popupwatch/decoders/wire"
	"popupwatch/sensor/capture"
	"popupwatch/sensor/event"
	"popupwatch/sensor/handout"
)

// hashedInput is standard input, whose octets are hashed as they pass: they cannot be read again.
type hashedInput struct {
	io.Reader
	sum hash.Hash
}

func newHashedInput(from io.Reader) *hashedInput {
	sum := sha256.New()
	return &hashedInput{io.TeeReader(from, sum), sum}
}

// openHandout begins to collect for --report; nil where none is asked for, or by another command, whose configuration file may name one.
func (s *settings) openHandout() (*handout.Collector, error) {
	if s.report.html == "" || s.all.Name() != commandReplay {
		return nil, nil
	}
	return handout.NewCollector()
}

// hand writes the report of a replay; nothing where none is asked for.
func (r *runSummary) hand(stdin *hashedInput, interrupted bool) error {
	path := r.settings.report.html
	if path == "" {
		return nil
	}
	about := r.about(stdin, interrupted)
	return writeWhole(path, "report", func(f io.Writer) error { return r.beside.handout.Write(context.Background(), f, about) })
}

// about is what the report says of the run that another run would say, too.
func (r *runSummary) about(stdin *hashedInput, interrupted bool) *handout.About {
	a := &handout.About{Version: version, Frames: r.Frames, Interrupted: interrupted, Settings: r.settings.concluding(), Shed: reasonsOf(r.Shed)}
	for i, n := range r.Reasons {
		if n > 0 {
			a.Reasons = append(a.Reasons, handout.Reason{Name: wire.Reason(i).String(), Says: wire.Reason(i).Sentence(), Count: n})
		}
	}
	for i := range r.files {
		in := inputOf(&r.files[i])
		if path := r.files[i].Path; path != standardInput || !interrupted { // nobody knows when the rest of a pipe comes
			in.SHA256, in.Trouble = hashInput(path, stdin, in.Trouble)
		}
		a.Inputs, a.Octets = append(a.Inputs, in), a.Octets+in.Octets
	}
	a.Command = repeatedBy(a)
	for _, path := range r.settings.tables() {
		in := handout.Input{Name: filepath.Base(path)}
		in.SHA256, in.Trouble = hashInput(path, nil, "")
		a.Tables = append(a.Tables, in)
	}
	return a
}

// maxRepeated is how many captures the command names.
const maxRepeated = 20

// repeatedBy is the command that makes a report again, in the folder of the captures.
func repeatedBy(a *handout.About) string {
	words := []string{"popupwatch", "replay"}
	for _, s := range a.Settings {
		words = append(words, "--"+s.Name, quoted(s.Value))
	}
	words = append(words, "--report", "again.html")
	if len(a.Inputs) > maxRepeated {
		return strings.Join(append(words, "CAPTURES..."), " ")
	}
	for _, in := range a.Inputs {
		words = append(words, quoted(in.Name))
	}
	return strings.Join(words, " ")
}

func reasonsOf(tallies []event.Tally) (list []handout.Reason) {
	for _, t := range tallies {
		list = append(list, handout.Reason{Name: t.Name, Count: t.N})
	}
	return list
}

// inputOf says what was read of a file, and names it without its folder.
func inputOf(f *capture.FileReport) handout.Input {
	in := handout.Input{Name: baseOf(f.Path), Frames: f.Frames, Octets: f.Bytes, First: f.First, Last: f.Last}
	if f.Err != nil {
		in.Trouble = strings.ReplaceAll(f.Err.Error(), f.Path, in.Name)
	}
	return in
}

func baseOf(path string) string {
	if path == standardInput {
		return path
	}
	return filepath.Base(path)
}

// standardInput is the path that stands for it.
const standardInput = "-"

// hashInput hashes a file that was read. What cannot be read again is added to its trouble: the report is made all the same.
func hashInput(path string, stdin *hashedInput, trouble string) (sum, _ string) {
	digest, err := digestOf(path, stdin)
	if err == nil {
		return hex.EncodeToString(digest), trouble
	}
	said := strings.ReplaceAll(fmt.Sprintf("no hash: %v", err), path, baseOf(path))
	return "", strings.TrimPrefix(trouble+"; "+said, "; ")
}

func digestOf(path string, stdin *hashedInput) ([]byte, error) {
	if path == standardInput {
		_, err := io.Copy(io.Discard, stdin) // what was not read of it, behind a damage
		return stdin.sum.Sum(nil), err
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	sum := sha256.New()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil, errors.Join(errors.New("it is no regular file, and can be read once"), err)
	}
	_, err = io.Copy(sum, f)
	return sum.Sum(nil), err
}

// concludes says whether a setting of replay changes what is concluded from captures. The others say where events go, and what is said besides.
func concludes(name string) bool {
	switch name {
	case "home", "sensor", "decode-port", "rules", "filter", "rollup", "rollup-sources", "rollup-claims", "privacy-clean", "limits-memory", "campaign-idle",
		"campaign-update", "stats-interval", "alerts", "report-allow", "access-binding", "spoof-routes", "spoof-asn":
		return true
	}
	return false
}

// concluding are the settings that change conclusions and were set, by flag, environment or file. Files are named without their folders.
func (s *settings) concluding() (list []handout.Setting) {
	s.all.VisitAll(func(f *pflag.Flag) {
		if !f.Changed || !concludes(f.Name) {
			return
		}
		values := []string{f.Value.String()}
		if many, ok := f.Value.(pflag.SliceValue); ok {
			values = slices.Clone(many.GetSlice())
		}
		if f.Name == "rules" || f.Name == "spoof-routes" || f.Name == "spoof-asn" {
			for i := range values {
				values[i] = filepath.Base(values[i])
			}
		}
		list = append(list, handout.Setting{Name: f.Name, Value: strings.Join(values, ",")})
	})
	return list
}

// tables are the files that settings name and conclusions rest on: rules, the files of a folder of rules, routes, systems.
func (s *settings) tables() (paths []string) {
	for _, path := range s.rules {
		info, err := os.Stat(path)
		if err != nil || !info.IsDir() {
			paths = append(paths, path)
			continue
		}
		for _, form := range []string{"*.yml", "*.yaml"} {
			found, err := filepath.Glob(filepath.Join(path, form))
			if err == nil { // the form is a constant
				paths = append(paths, found...)
			}
		}
	}
	for _, path := range []string{s.trust.routes, s.trust.systems} {
		if path != "" {
			paths = append(paths, path)
		}
	}
	return paths
}
