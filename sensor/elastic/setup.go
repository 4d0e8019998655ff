package elastic

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
)

// Action is what Setup does about an asset.
type Action string

// The actions.
const (
	Create Action = "create"
	Update Action = "update"
	Keep   Action = "keep" // it is there, in this version and as it should be
)

// Step is one asset, and what is to be done about it.
type Step struct {
	Asset  Asset
	Action Action
}

// Plan is what it takes to bring a cluster to a layout.
type Plan struct {
	Server  Server
	Steps   []Step
	Streams []string // data streams of popupwatch that are there already: what they have they keep until their next rollover
}

// Changes says whether anything is to be done.
func (p *Plan) Changes() bool {
	for _, s := range p.Steps {
		if s.Action != Keep {
			return true
		}
	}
	return false
}

// Plan reads what the cluster holds and says what is to be done, without doing it. An error names everything that stands in the way: what is
// there under a name of ours and was not made by popupwatch, or by a newer one.
func (c *Client) Plan(ctx context.Context, l Layout) (*Plan, error) {
	if err := l.Check(); err != nil {
		return nil, err
	}
	s, err := c.Server(ctx)
	if err != nil {
		return nil, err
	}
	if err := l.fits(s); err != nil {
		return nil, err
	}
	if s, err = c.learn(ctx, s); err != nil {
		return nil, err
	}
	p := &Plan{Server: s}
	var obstacles []error
	for _, a := range Assets(l, s) {
		step, err := c.step(ctx, a)
		if err != nil {
			obstacles = append(obstacles, err)
		}
		p.Steps = append(p.Steps, step)
	}
	if err := errors.Join(obstacles...); err != nil {
		return nil, err
	}
	p.Streams, err = c.streams(ctx)
	return p, err
}

// fits refuses what the server cannot do.
func (l Layout) fits(s Server) error {
	switch {
	case !s.OpenSearch && !s.AtLeast(8, 14):
		return fmt.Errorf("%v: the lifecycle of data streams needs 8.14 or newer", s)
	case s.OpenSearch && (l.ILM || l.Pipeline || l.Transforms || l.Retention != ""):
		return fmt.Errorf("%v has no lifecycle of data streams, ILM, _meta of pipelines or transforms of this form: leave --retention, --ilm, --pipeline and --transforms out (ISM deletes old indices there)", s)
	}
	return nil
}

// step compares an asset with what is there.
func (c *Client) step(ctx context.Context, a Asset) (Step, error) {
	a.Body = sealed(a.Body)
	answer, err := c.Do(ctx, http.MethodGet, a.Path, nil)
	switch {
	case err != nil:
		return Step{}, err
	case answer.Status == http.StatusNotFound:
		return Step{a, Create}, nil
	case !answer.OK():
		return Step{}, a.refused(http.MethodGet, answer)
	}
	there, err := a.read(answer.Body)
	if err != nil {
		return Step{}, fmt.Errorf("read the answer to GET %s: %w", a.Path, err)
	}
	mark := marks(there)
	switch ours := marks(a.Body); {
	case mark.owner != owner:
		return Step{}, fmt.Errorf("%s %s is there and popupwatch did not make it (its _meta lacks managed_by: popupwatch): rename it, or remove it with DELETE %s", a.Kind, a.Name, a.Path)
	case mark.version > AssetVersion:
		return Step{}, fmt.Errorf("%s %s is of version %d, a newer popupwatch installed it: this one has version %d and leaves it (use the newer popupwatch for setup)", a.Kind, a.Name, mark.version, AssetVersion)
	case mark.version == AssetVersion && mark.content == ours.content && contained(a.Body, there):
		return Step{a, Keep}, nil
	case a.Kind == "transform":
		return Step{}, fmt.Errorf("transform %s is there in another form, and a transform cannot be changed: POST %s/_stop?force=true and DELETE %s, then set up again", a.Name, a.Path, a.Path)
	}
	return Step{a, Update}, nil
}

// sealed is a body with the digest of its content in its _meta: what the server adds of itself is no difference then, what is missing is one.
func sealed(body map[string]any) map[string]any {
	var copied map[string]any
	content, err := json.Marshal(body)
	if err == nil {
		err = json.Unmarshal(content, &copied)
	}
	if err != nil {
		panic(fmt.Sprintf("elastic: an asset is no JSON: %v", err)) // they are literals
	}
	sum := sha256.Sum256(content)
	metaOf(copied)["content"] = hex.EncodeToString(sum[:8])
	return copied
}

// metaOf gives _meta, wherever it stands.
func metaOf(body map[string]any) map[string]any {
	if policy, ok := body["policy"].(map[string]any); ok {
		body = policy
	}
	m, _ := body["_meta"].(map[string]any)
	return m
}

// mark is what _meta says.
type mark struct {
	owner, content string
	version        int
}

func marks(body map[string]any) mark {
	m := metaOf(body)
	by, _ := m["managed_by"].(string)
	content, _ := m["content"].(string)
	version, _ := m["version"].(float64)
	return mark{by, content, int(version)}
}

// read takes the object itself out of the answer to GET.
func (a Asset) read(body []byte) (map[string]any, error) {
	var whole map[string]any
	if err := json.Unmarshal(body, &whole); err != nil {
		return nil, err
	}
	var found any
	switch a.Kind {
	case "component template":
		found = dig(whole, "component_templates", "component_template")
	case "index template":
		found = dig(whole, "index_templates", "index_template")
	case "transform":
		found = dig(whole, "transforms", "")
	default:
		found = whole[a.Name]
	}
	object, ok := found.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("no %s %s in it", a.Kind, a.Name)
	}
	return object, nil
}

// dig is the first of a list, or what stands in it under a name.
func dig(whole map[string]any, list, name string) any {
	all, _ := whole[list].([]any)
	if len(all) == 0 {
		return nil
	}
	first, _ := all[0].(map[string]any)
	if name == "" {
		return first
	}
	return first[name]
}

// contained says whether everything of ours stands in theirs. The server may add to objects, and write a number or truth as a string.
func contained(ours, theirs any) bool {
	switch o := ours.(type) {
	case map[string]any:
		t, ok := theirs.(map[string]any)
		for name, value := range o {
			ok = ok && contained(value, t[name])
		}
		return ok
	case []any:
		t, ok := theirs.([]any)
		ok = ok && len(t) == len(o)
		for i := 0; ok && i < len(o); i++ {
			ok = contained(o[i], t[i])
		}
		return ok
	}
	return fmt.Sprint(ours) == fmt.Sprint(theirs)
}

// streams are the data streams of popupwatch that are there. Who may not see them sees none.
func (c *Client) streams(ctx context.Context) ([]string, error) {
	a, err := c.Do(ctx, http.MethodGet, "/_resolve/index/logs-popupwatch.*,metrics-popupwatch.*?filter_path=data_streams.name", nil)
	if err != nil || !a.OK() {
		return nil, err
	}
	var read struct {
		Streams []struct {
			Name string `json:"name"`
		} `json:"data_streams"`
	}
	if err := json.Unmarshal(a.Body, &read); err != nil {
		return nil, fmt.Errorf("read the answer to _resolve/index: %w", err)
	}
	var names []string
	for _, s := range read.Streams {
		names = append(names, s.Name)
	}
	return names, nil
}

// Apply does what a plan says, and tells of each step that it is done. It ends at the first that the cluster refuses: what was done before
// stays, and a new plan goes on from there.
func (c *Client) Apply(ctx context.Context, p *Plan, done func(Step)) error {
	for _, s := range p.Steps {
		if s.Action != Keep {
			if err := c.install(ctx, s.Asset); err != nil {
				return err
			}
		}
		done(s)
	}
	return nil
}

// install puts one asset in its place.
func (c *Client) install(ctx context.Context, a Asset) error {
	body, err := json.Marshal(a.Body)
	if err != nil {
		return fmt.Errorf("%s %s: %w", a.Kind, a.Name, err)
	}
	answer, err := c.Do(ctx, http.MethodPut, a.Path, body)
	if err != nil {
		return err
	}
	if !answer.OK() {
		return a.refused(http.MethodPut, answer)
	}
	if a.Kind != "transform" {
		return nil
	}
	if answer, err = c.Do(ctx, http.MethodPost, a.Path+"/_start", nil); err != nil {
		return err
	}
	if !answer.OK() {
		return a.refused(http.MethodPost, answer)
	}
	return nil
}

// refused is the error of an answer about an asset that is no success.
func (a Asset) refused(method string, answer *Answer) error {
	request := method + " " + a.Path
	switch answer.Status {
	case http.StatusUnauthorized, http.StatusForbidden:
		return saysNo(request, answer, a.privilege+" (cluster)")
	case http.StatusMethodNotAllowed:
		return fmt.Errorf("%s answers 405: this server has no %s (is it Elasticsearch whole, and of this version?)", request, a.Kind)
	}
	return fmt.Errorf("%s answers %d: %s", request, answer.Status, innermost(answer.Body))
}

// innermost is the last of the causes that an answer names: the first says only that something is wrong.
func innermost(body []byte) string {
	type cause struct {
		Reason string
		Cause  json.RawMessage `json:"caused_by"`
	}
	var read struct{ Error json.RawMessage }
	if err := json.Unmarshal(body, &read); err != nil {
		return "no JSON"
	}
	reason := ""
	for next := read.Error; len(next) > 0; {
		var c cause
		if json.Unmarshal(next, &c) != nil {
			break
		}
		reason, next = c.Reason, c.Cause
	}
	return reason
}
