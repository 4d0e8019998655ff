package arch

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// allowed says what each package may import of this module (prefix "./") and of others; the standard library is free. Test files may
// import anything. A package that is not listed fails: put it here when it is clear whom it may know.
var allowed = map[string][]string{
	"cmd/popupwatch": {
		"./...", "github.com/spf13/cobra", "github.com/spf13/pflag", "github.com/goccy/go-yaml", "github.com/prometheus/client_golang",
		"github.com/coreos/go-systemd/v22/daemon", "github.com/elastic/go-seccomp-bpf", "github.com/landlock-lsm/go-landlock",
		"kernel.org/pub/linux/libs/security/libcap", "golang.org/x/sys/unix", "golang.org/x/net/bpf", "github.com/klauspost/compress",
	},

	"sensor":               {"./decoders/...", "./rules", "./sensor/campaign", "./sensor/spoof", "./sensor/event"},
	"sensor/event":         {"./decoders/...", "./rules", "./sensor/campaign", "./sensor/spoof", "./sensor/spoof/proof"},
	"sensor/geoip":         {"./sensor/event", "github.com/oschwald/maxminddb-golang/v2"},
	"sensor/sink":          {"./sensor/event", "github.com/klauspost/compress", "gopkg.in/natefinch/lumberjack.v2"},
	"sensor/store":         {"./sensor/event", "golang.org/x/sys/unix", "modernc.org/sqlite", "github.com/klauspost/compress"},
	"sensor/elastic":       {"./sensor/event", "./sensor/store", "github.com/elastic/go-elasticsearch/v8/esapi", "github.com/elastic/elastic-transport-go/v8/elastictransport", "github.com/klauspost/compress"},
	"sensor/capture":       {"./decoders", "github.com/google/gopacket", "golang.org/x/net/bpf", "github.com/klauspost/compress"},
	"sensor/campaign":      {"./decoders/...", "github.com/axiomhq/hyperloglog"},
	"sensor/spoof":         {"./decoders/...", "./sensor/spoof/proof", "github.com/gaissmai/bart", "github.com/oschwald/maxminddb-golang/v2"},
	"sensor/spoof/proof":   {"./decoders/..."},
	"sensor/report":        {"./decoders/...", "./sensor/event", "./sensor/spoof", "./sensor/spoof/proof", "./sensor/store", "github.com/santhosh-tekuri/jsonschema/v6", "github.com/klauspost/compress"},
	"sensor/console":       {"./decoders/text", "./sensor/event", "./sensor/store", "./sensor/view"},
	"sensor/view":          {"./sensor/event", "./sensor/spoof", "./sensor/store"},
	"sensor/handout":       {"./sensor/event", "./sensor/store", "./sensor/view"},
	"sensor/complaint":     {},
	"sensor/simulate":      {"./decoders/...", "./sensor/event", "./sensor/spoof", "./sensor/simulate/texts"},
	"sensor/internal/arch": {},

	"sensor/internal/browser": {"github.com/chromedp/chromedp", "github.com/chromedp/cdproto"},

	"sensor/capture/veth":   {"golang.org/x/sys/unix"},
	"sensor/elastic/estest": {},
	"rules":                 {"./decoders", "./decoders/text", "github.com/expr-lang/expr", "github.com/goccy/go-yaml"},

	"sensor/elastic/kibana": {"./sensor/event"},

	"sensor/simulate/texts":    {"./decoders/text", "golang.org/x/text"},
	"sensor/simulate/texteval": {"./decoders/...", "./rules", "./sensor/campaign", "./sensor/simulate/texts"},
	"rules/fit":                {"./decoders/...", "./rules", "./sensor/campaign", "./sensor/simulate/texts"},

	"decoders":            {"./decoders/...", "github.com/axiomhq/hyperloglog"},
	"decoders/wire":       {},
	"decoders/inet":       {"./decoders/wire"},
	"decoders/reassembly": {"./decoders/wire"},
	"decoders/text":       {"./decoders/wire", "golang.org/x/text", "golang.org/x/net/publicsuffix"},
	"decoders/dcerpc":     {"./decoders/wire"},
	"decoders/msgsvc":     {"./decoders/wire", "./decoders/dcerpc"},
	"decoders/netbios":    {"./decoders/wire"},
	"decoders/smb":        {"./decoders/wire", "./decoders/netbios"},
}

const root = "../../.."

// imports gives the imports of each package's non-test files.
func imports(t *testing.T) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (strings.HasPrefix(d.Name(), ".") && name != root || d.Name() == "testdata") {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		folder, err := filepath.Rel(root, filepath.Dir(name))
		if err != nil {
			return err
		}
		found[folder] = append(found[folder], "")
		for _, spec := range file.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			found[folder] = append(found[folder], imported)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestEveryImportIsInTheTable(t *testing.T) {
	for folder, list := range imports(t) {
		may, listed := allowed[folder]
		if !listed {
			t.Errorf("package %s is not in the table of sensor/internal/arch: say there what it may import", folder)
			continue
		}
		for _, imported := range list {
			if !permitted(imported, may) {
				t.Errorf("package %s imports %s, which the table of sensor/internal/arch does not allow", folder, imported)
			}
		}
	}
}

// permitted says whether an import is standard or matches an entry: the package itself, one below it for other modules, or with /... .
func permitted(imported string, may []string) bool {
	own, isOwn := strings.CutPrefix(imported, "popupwatch/")
	if !isOwn && !strings.Contains(strings.Split(imported, "/")[0], ".") {
		return true
	}
	return slices.ContainsFunc(may, func(entry string) bool {
		mine, local := strings.CutPrefix(entry, "./")
		if local != isOwn {
			return false
		}
		if !isOwn {
			return imported == entry || strings.HasPrefix(imported, entry+"/")
		}
		below, deep := strings.CutSuffix(mine, "...")
		return own == mine || deep && (below == "" || own+"/" == below || strings.HasPrefix(own, below))
	})
}

// The top level is fixed (DESIGN.md 1): what is not listed there is a dot-file or LICENSE.
func TestTopLevelIsFixed(t *testing.T) {
	known := []string{"cmd", "sensor", "decoders", "rules", "testdata", "go.mod", "go.sum", "Makefile", "README.md", "LICENSE", "bin"}
	entries, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), ".") && !slices.Contains(known, e.Name()) {
			t.Errorf("%s stands at the top level, which is fixed", e.Name())
		}
	}
}

// Only wire, inet and reassembly index packet bytes (DESIGN.md 4): nobody else reads integers out of them.
func TestOnlyThreePackagesReadIntegersFromBytes(t *testing.T) {
	readers := []string{"decoders/wire", "decoders/inet", "decoders/reassembly"}
	parsers := []string{"decoders", "decoders/dcerpc", "decoders/msgsvc"}
	for _, folder := range parsers {
		names, err := filepath.Glob(path.Join(root, folder, "*.go"))
		if err != nil || len(names) == 0 {
			t.Fatalf("%s: %d files, %v", folder, len(names), err)
		}
		for _, name := range names {
			source, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.HasSuffix(name, "_test.go") && strings.Contains(string(source), "Endian.Uint") && !slices.Contains(allowedHash, filepath.Base(name)) {
				t.Errorf("%s reads integers out of bytes: that is for %s", name, strings.Join(readers, ", "))
			}
		}
	}
}

// allowedHash are files that take integers from an address they hold themselves, to hash it.
var allowedHash = []string{"distinct.go"}
