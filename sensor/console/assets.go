package console

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strings"
)

// dist is the page as it was built (make page).
//
//go:embed all:page/dist
var dist embed.FS

// pages are the paths at which the page itself stands; what it shows there it knows.
var pages = [...]string{"", "campaigns", "sources", "messages", "findings", "drafts", "sensor", "help"}

// assets are the page's files, packed once.
type assets struct{ files map[string]*asset }

type asset struct {
	kind         string
	plain, small []byte // small is packed by gzip
	etag         string
	lasts        bool // its name changes with its content
}

func loadAssets() (*assets, error) {
	a := &assets{files: map[string]*asset{}}
	err := fs.WalkDir(dist, "page/dist", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := dist.ReadFile(name)
		if err != nil {
			return err
		}
		a.files["/"+strings.TrimPrefix(name, "page/dist/")] = newAsset(name, content)
		return nil
	})
	if err == nil && a.files["/index.html"] == nil {
		err = fmt.Errorf("the console's page was not built (make page)")
	}
	return a, err
}

func newAsset(name string, content []byte) *asset {
	var packed bytes.Buffer
	z, _ := gzip.NewWriterLevel(&packed, gzip.BestCompression) // the level is one
	z.Write(content)                                           // into memory
	z.Close()
	sum := sha256.Sum256(content)
	kinds := map[string]string{".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml",
		".png": "image/png", ".ico": "image/x-icon", ".txt": "text/plain; charset=utf-8"}
	kind := kinds[path.Ext(name)]
	if kind == "" {
		kind = "application/octet-stream"
	}
	return &asset{kind, content, packed.Bytes(), `"` + hex.EncodeToString(sum[:12]) + `"`, strings.Contains(name, "/assets/")}
}

// ServeHTTP gives a file, or the page where it stands.
func (a *assets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f := a.files[r.URL.Path]
	if f == nil && isPage(r.URL.Path) {
		f = a.files["/index.html"]
	}
	if f == nil {
		fail(w, http.StatusNotFound, "not_found", "there is no such page", "the overview is at /")
		return
	}
	h := w.Header()
	h.Set("Content-Type", f.kind)
	h.Set("ETag", f.etag)
	h.Set("Vary", "Accept-Encoding")
	h.Set("Cache-Control", "no-cache")
	if f.lasts {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	if r.Header.Get("If-None-Match") == f.etag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	body := f.plain
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") && len(f.small) < len(f.plain) {
		h.Set("Content-Encoding", "gzip")
		body = f.small
	}
	w.Write(body) // who asked is gone where this fails
}

// isPage says whether the page stands at a path: a page's name, and one more name behind it.
func isPage(p string) bool {
	name, rest, _ := strings.Cut(strings.TrimPrefix(p, "/"), "/")
	for _, known := range pages {
		if name == known && !strings.Contains(rest, "/") {
			return true
		}
	}
	return false
}
