package kibana

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"strings"
)

// Doer sends HTTP requests, as *http.Client does: TLS, proxy and time limits are its own.
type Doer interface {
	Do(*http.Request) (*http.Response, error)
}

// maxAnswer is how many octets of an answer are read.
const maxAnswer = 32 << 20

// answer is what Kibana said to a request.
type answer struct {
	what   string // the request, for errors
	status int
	body   []byte
}

// send sends one request to the API of the space; the path begins with /api.
func (i *Importer) send(ctx context.Context, method, path, contentType string, body []byte) (*answer, error) {
	base, err := baseAddress(i.URL, i.Space)
	if err != nil {
		return nil, err
	}
	what := method + " " + base + path
	request, err := http.NewRequestWithContext(ctx, method, base+path, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("kibana: %s: %w", what, err)
	}
	for name, values := range i.Header {
		request.Header[http.CanonicalHeaderKey(name)] = values
	}
	request.Header.Set("kbn-xsrf", "popupwatch")
	request.Header.Set("Elastic-Api-Version", "2023-10-31")
	if len(body) > 0 {
		request.Header.Set("Content-Type", contentType)
	}
	response, err := i.Client.Do(request)
	if err != nil {
		return nil, fmt.Errorf("kibana: %s: %w", what, err)
	}
	defer response.Body.Close()
	read, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return nil, fmt.Errorf("kibana: %s: the answer broke off: %w", what, err)
	}
	return &answer{what, response.StatusCode, read}, nil
}

// sendJSON sends a value; nil sends no body.
func (i *Importer) sendJSON(ctx context.Context, method, path string, value any) (*answer, error) {
	if value == nil {
		return i.send(ctx, method, path, "", nil)
	}
	return i.send(ctx, method, path, "application/json", compact(value))
}

// sendFile sends NDJSON as an uploaded file, as the import APIs want it.
func (i *Importer) sendFile(ctx context.Context, path string, file []byte) (*answer, error) {
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	header := textproto.MIMEHeader{
		"Content-Disposition": {`form-data; name="file"; filename="popupwatch.ndjson"`}, "Content-Type": {"application/ndjson"},
	}
	part, err := form.CreatePart(header)
	if err == nil {
		_, err = part.Write(file)
	}
	if err := errors.Join(err, form.Close()); err != nil {
		return nil, fmt.Errorf("kibana: %w", err)
	}
	return i.send(ctx, http.MethodPost, path, form.FormDataContentType(), body.Bytes())
}

// into reads the JSON of a successful answer; any other is an error that says what Kibana said and what to do.
func (a *answer) into(value any) error {
	if a.status/100 != 2 {
		return a.refusal()
	}
	if err := json.Unmarshal(a.body, value); err != nil {
		return fmt.Errorf("kibana: %s: %d, but %s", a.what, a.status, a.nonsense())
	}
	return nil
}

// nonsense says what the body is where it is not the JSON that was expected.
func (a *answer) nonsense() string {
	if a.isPage() {
		return "the answer is a web page, not Kibana's: is a proxy or a login page between, or is this not Kibana's address?"
	}
	return fmt.Sprintf("the answer is not Kibana's: %.100q", a.body)
}

func (a *answer) isPage() bool { return bytes.HasPrefix(bytes.TrimSpace(a.body), []byte("<")) }

// refusal is the error of an answer that is no success.
func (a *answer) refusal() error {
	said := a.said()
	switch a.status {
	case http.StatusUnauthorized:
		return fmt.Errorf("kibana: %s: 401, the credentials are not accepted: %s", a.what, said)
	case http.StatusForbidden:
		return fmt.Errorf("kibana: %s: 403, this user may not: %s (needs the Kibana privileges all of Saved Objects Management, Dashboard, Discover and "+
			"Tag Management; for detection rules all of Security)", a.what, said)
	case http.StatusNotFound:
		return fmt.Errorf("kibana: %s: 404, there is no such thing: %s (is the space's id right, and is the feature on in it?)", a.what, said)
	}
	return fmt.Errorf("kibana: %s: %d %s: %s", a.what, a.status, http.StatusText(a.status), said)
}

// said is Kibana's message, with what it says of single objects.
func (a *answer) said() string {
	var m struct {
		Message    string
		Attributes struct {
			Objects []struct {
				Type, ID string
				Error    struct{ Message string }
			}
		}
	}
	if a.isPage() || json.Unmarshal(a.body, &m) != nil || m.Message == "" {
		return a.nonsense()
	}
	said := []string{m.Message}
	for _, o := range m.Attributes.Objects {
		said = append(said, fmt.Sprintf("%s %s: %s", o.Type, o.ID, o.Error.Message))
	}
	return visible(strings.Join(said, "; "))
}

// visible makes control characters of an answer visible: it may be anybody's.
func visible(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			return '\uFFFD'
		}
		return r
	}, s)
}
