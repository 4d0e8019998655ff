package elastic

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// fakeCluster keeps what it is PUT and gives it back in the form of each kind. It is a fake: ILM, processors of places and transforms are not
// in the distribution that the other tests run against.
func fakeCluster(t *testing.T, started *[]string) *Client {
	kept := map[string]any{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Elastic-Product", "Elasticsearch")
		kind, name := path.Split(r.URL.Path)
		switch there := kept[r.URL.Path]; {
		case r.URL.Path == "/":
			io.WriteString(w, `{"version": {"number": "8.19.21"}}`)
		case r.Method == http.MethodPut:
			var body any
			json.NewDecoder(r.Body).Decode(&body)
			kept[r.URL.Path] = body
		case r.Method == http.MethodPost:
			*started = append(*started, r.URL.Path)
		case there == nil:
			w.WriteHeader(http.StatusNotFound)
		default:
			json.NewEncoder(w).Encode(formOf(kind, name, there)) // the client is here
		}
	}))
	t.Cleanup(server.Close)
	c, err := NewClient(Config{Hosts: []string{server.URL}})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// formOf is the answer to GET.
func formOf(kind, name string, body any) any {
	switch kind {
	case "/_component_template/":
		return map[string]any{"component_templates": []any{map[string]any{"name": name, "component_template": body}}}
	case "/_index_template/":
		return map[string]any{"index_templates": []any{map[string]any{"name": name, "index_template": body}}}
	case "/_transform/":
		return map[string]any{"transforms": []any{body}}
	}
	return map[string]any{name: body}
}

func TestOptionalAssetsAreInstalledOnce(t *testing.T) {
	for _, l := range []Layout{{ILM: true, Retention: "90d"}, {Pipeline: true}, {Transforms: true}, {ILM: true, Pipeline: true, Transforms: true}} {
		var posts []string
		c := fakeCluster(t, &posts)
		all := len(Assets(l, Server{}))
		if diff := cmp.Diff(map[Action]int{Create: all}, actions(install(t, c, l))); diff != "" {
			t.Errorf("%+v (-want +got):\n%s", l, diff)
		}
		if diff := cmp.Diff(map[Action]int{Keep: all}, actions(install(t, c, l))); diff != "" {
			t.Errorf("%+v again (-want +got):\n%s", l, diff)
		}
		started := slices.DeleteFunc(posts, func(p string) bool { return !strings.HasSuffix(p, "/_start") })
		if l.Transforms && len(started) != 2 || !l.Transforms && len(started) != 0 {
			t.Errorf("%+v: started are %v", l, started)
		}
	}
}

// What was asked for and no longer is goes out of the templates.
func TestOptionThatIsLeftOutIsTakenBack(t *testing.T) {
	var posts []string
	c := fakeCluster(t, &posts)
	install(t, c, Layout{Pipeline: true, Retention: "90d"})
	p := install(t, c, Layout{})
	if diff := cmp.Diff(map[Action]int{Update: 6, Keep: 5}, actions(p)); diff != "" { // the settings and five lifecycles
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestTransformInAnotherFormIsNamed(t *testing.T) {
	var posts []string
	c := fakeCluster(t, &posts)
	install(t, c, Layout{Transforms: true})
	body := sealed(campaignTransform().Body)
	body["frequency"] = "1m"
	changed, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Do(context.Background(), http.MethodPut, campaignTransform().Path, changed); err != nil {
		t.Fatal(err)
	}
	_, err = c.Plan(context.Background(), Layout{Transforms: true})
	if err == nil || !strings.Contains(err.Error(), "popupwatch-campaigns-1 is there in another form") || !strings.Contains(err.Error(), "_stop?force=true") {
		t.Error(err)
	}
}
