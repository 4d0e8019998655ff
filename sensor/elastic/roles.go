package elastic

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"popupwatch/sensor/event"
)

// Role is the smallest set of privileges that a use of popupwatch needs.
type Role struct {
	Name    string // e.g. sender
	About   string // what it is for
	Cluster []string
	Indices []Grant
}

// Grant is privileges on indices.
type Grant struct {
	Names      []string
	Privileges []string
}

// Patterns are the names of all data streams of popupwatch, in all namespaces.
func Patterns() []string {
	var names []string
	for set := range event.Set(event.SetCount) {
		names = append(names, Pattern(set))
	}
	return names
}

// Roles are the smallest sets of privileges, by use. The page of documentation and the checks are made of them; a test holds that a user with
// each is let in, and not with less.
func Roles() []Role {
	entities := []string{campaignsName + "*", sourcesName + "*"} // the indices and their aliases
	return []Role{
		{"sender", "live and replay: deliver events", []string{"monitor"}, []Grant{{Patterns(), []string{"auto_configure", "create_doc"}}}},
		{"replay", "replay besides: ask which events are held already, after a rollover", nil, []Grant{{Patterns(), []string{"read", "maintenance"}}}},
		{"setup", "setup: install templates", []string{"monitor", "manage_index_templates"}, []Grant{{Patterns(), []string{"view_index_metadata"}}}},
		{"ilm", "setup --ilm besides", []string{"manage_ilm"}, nil},
		{"pipeline", "setup --pipeline besides", []string{"manage_ingest_pipelines"}, nil},
		{"transforms", "setup --transforms besides", []string{"manage_transform"}, []Grant{
			{Patterns(), []string{"read", "view_index_metadata"}}, {entities, []string{"create_index", "index", "read", "manage"}},
		}},
	}
}

// RoleNamed is one of Roles; there is none of another name.
func RoleNamed(name string) Role {
	list := Roles()
	return list[slices.IndexFunc(list, func(r Role) bool { return r.Name == name })]
}

// JSON is the role as the body of PUT /_security/role/NAME.
func (r Role) JSON() string {
	body, err := json.Marshal(map[string]any{"cluster": orNone(r.Cluster), "indices": r.grants()})
	if err != nil {
		panic(fmt.Sprintf("elastic: a role is no JSON: %v", err)) // they are literals
	}
	return string(body)
}

// grants is the list of indices as Elasticsearch reads it.
func (r Role) grants() []any {
	out := []any{}
	for _, g := range r.Indices {
		out = append(out, map[string]any{"names": g.Names, "privileges": g.Privileges})
	}
	return out
}

func orNone(list []string) []string { return append([]string{}, list...) }

// RolePage is the page of documentation about privileges, in Markdown.
func RolePage() string {
	var b strings.Builder
	b.WriteString("# Privileges in Elasticsearch\n\n" +
		"Written from the list of roles in sensor/elastic by `go test ./sensor/elastic -run Page -update`: do not edit.\n" +
		"These are the smallest sets. For sender, replay and setup a test holds on a real node that a user with them is let in and with one less is\n" +
		"refused; the server of the tests lacks what the others are for. `popupwatch test output` says which privileges are missing for delivery.\n" +
		"Whoever delivers needs none of those of setup: give setup its own user, and only while it runs.\n\n" +
		roleTable() + "\n" +
		"- Without `auto_configure` the first event of a new data stream is refused; without `create_doc` every event is.\n" +
		"- `monitor` is for the server's version and for a look at the templates (`test output`); delivery itself does not ask.\n" +
		"- Without the role replay a replay stores events twice that an earlier one stored before the stream's last rollover. It says so once.\n" +
		"- Without `view_index_metadata` setup does not see, and so not name, the data streams that take its changes with their next rollover.\n\n" +
		"A role and an API key for a sensor, in Kibana's Dev Tools:\n\n" +
		"    POST /_security/api_key\n" +
		"    {\"name\": \"popupwatch\", \"role_descriptors\": {\"sender\": " + RoleNamed("sender").JSON() + "}}\n")
	return b.String()
}

// roleTable is the roles as a table.
func roleTable() string {
	var b strings.Builder
	b.WriteString("| role | for | cluster | indices |\n|---|---|---|---|\n")
	for _, r := range Roles() {
		var grants []string
		for _, g := range r.Indices {
			names := "`" + strings.Join(g.Names, "`, `") + "`"
			if slices.Equal(g.Names, Patterns()) {
				names = "the five patterns"
			}
			grants = append(grants, names+": `"+strings.Join(g.Privileges, "`, `")+"`")
		}
		cluster := "-"
		if len(r.Cluster) > 0 {
			cluster = "`" + strings.Join(r.Cluster, "`, `") + "`"
		}
		if len(grants) == 0 {
			grants = []string{"-"}
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", r.Name, r.About, cluster, strings.Join(grants, "; "))
	}
	return b.String() + "\nThe five patterns are `" + strings.Join(Patterns(), "`, `") + "`.\n"
}

// errNoSecurity is a cluster that asks nobody who he is.
const errNoSecurity = refusal("security is off: everybody who reaches the cluster may do everything")

// Missing asks which privileges of a role the credentials lack, in words: "create_doc on logs-popupwatch.*-*". Where the cluster has no
// security the error says so.
func (c *Client) Missing(ctx context.Context, r Role) ([]string, error) {
	body, err := json.Marshal(map[string]any{"cluster": orNone(r.Cluster), "index": r.grants()})
	if err != nil {
		return nil, fmt.Errorf("ask for privileges: %w", err)
	}
	a, err := c.Do(ctx, http.MethodPost, "/_security/user/_has_privileges", body)
	switch {
	case err != nil:
		return nil, err
	case a.Status == http.StatusUnauthorized || a.Status == http.StatusForbidden:
		return nil, denied(a)
	case !a.OK():
		return nil, errNoSecurity
	}
	var read struct {
		Cluster map[string]bool            `json:"cluster"`
		Index   map[string]map[string]bool `json:"index"`
	}
	if err := json.Unmarshal(a.Body, &read); err != nil {
		return nil, fmt.Errorf("read the answer to _has_privileges: %w", err)
	}
	return r.lacking(read.Cluster, read.Index), nil
}

// lacking goes through what is asked for, in its order; what the answer does not grant is lacking.
func (r Role) lacking(cluster map[string]bool, index map[string]map[string]bool) []string {
	var missing []string
	for _, p := range r.Cluster {
		if !cluster[p] {
			missing = append(missing, p+" (cluster)")
		}
	}
	for _, g := range r.Indices {
		for _, p := range g.Privileges {
			var names []string
			for _, n := range g.Names {
				if !index[n][p] {
					names = append(names, n)
				}
			}
			if slices.Equal(names, Patterns()) {
				names = []string{"logs-popupwatch.*-*", "metrics-popupwatch.*-*"} // the same, and shorter
			}
			if len(names) > 0 {
				missing = append(missing, p+" on "+strings.Join(names, ", "))
			}
		}
	}
	return missing
}
