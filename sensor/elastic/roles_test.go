package elastic

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"popupwatch/sensor/elastic/estest"
	"popupwatch/sensor/event"
)

const passwordOfAll = "password-of-all"

// without is a role that lacks one privilege.
func (r Role) without(privilege string) Role {
	not := func(list []string) []string {
		return slices.DeleteFunc(slices.Clone(list), func(p string) bool { return p == privilege })
	}
	out := Role{Name: r.Name + "-without-" + privilege, Cluster: not(r.Cluster)}
	for _, g := range r.Indices {
		if left := not(g.Privileges); len(left) > 0 {
			out.Indices = append(out.Indices, Grant{g.Names, left})
		}
	}
	return out
}

// and is two roles in one.
func (r Role) and(other Role) Role {
	return Role{Name: r.Name + "-and-" + other.Name, Cluster: append(slices.Clone(r.Cluster), other.Cluster...), Indices: append(slices.Clone(r.Indices), other.Indices...)}
}

// sender, replayer and installer are the roles whose use can be seen here: ILM, processors and transforms are not in the test distribution.
func sender() Role    { return RoleNamed("sender") }
func replayer() Role  { return sender().and(RoleNamed("replay")) }
func installer() Role { return RoleNamed("setup") }

// trials are all roles that the tests below use.
func trials() []Role {
	return []Role{
		sender(), sender().without("monitor"), sender().without("auto_configure"), sender().without("create_doc"),
		replayer(), replayer().without("read"), replayer().without("maintenance"),
		installer(), installer().without("monitor"), installer().without("manage_index_templates"), installer().without("view_index_metadata"),
	}
}

// secured is a node that asks who one is, with a user for each trial.
func secured(t *testing.T) *estest.Node {
	var users []estest.User
	for _, r := range trials() {
		users = append(users, estest.User{Name: r.Name, Password: passwordOfAll, Role: r.JSON()})
	}
	return nodes.Node(t, estest.Options{Users: users, TLS: true})
}

// as is a client with the privileges of a role.
func as(t *testing.T, n *estest.Node, r Role) *Client { return clientFor(t, n, r.Name, passwordOfAll) }

// create stores one event in a stream of its own, and gives the status of its item, or of the request.
func create(t *testing.T, c *Client, namespace string) (status int, said string) {
	t.Helper()
	body := fmt.Sprintf(`{"create":{"_index":%q,"_id":"1"}}`+"\n"+`{"@timestamp":"2005-01-01T00:00:00Z"}`+"\n", event.SetMessage.Stream(namespace))
	a, err := c.Do(context.Background(), http.MethodPost, "/_bulk", []byte(body))
	if err != nil {
		t.Fatal(err)
	}
	if !a.OK() {
		return a.Status, string(a.Body)
	}
	items, err := readItems(a.Body, 1)
	if err != nil || len(items) != 1 {
		t.Fatalf("%v, %d items: %s", err, len(items), a.Body)
	}
	return items[0].Status, string(a.Body)
}

func TestSenderNeedsEachOfItsPrivileges(t *testing.T) {
	n := secured(t)
	install(t, clientFor(t, n), Layout{})
	if status, said := create(t, as(t, n, sender()), "sender"); status != http.StatusCreated {
		t.Errorf("with all privileges: %s", said)
	}
	if _, err := as(t, n, sender()).Server(context.Background()); err != nil {
		t.Errorf("with all privileges: %v", err)
	}
	for _, lacking := range []string{"auto_configure", "create_doc"} {
		if status, said := create(t, as(t, n, sender().without(lacking)), "without."+lacking); status != http.StatusForbidden {
			t.Errorf("without %s: %s", lacking, said)
		}
	}
	_, err := as(t, n, sender().without("monitor")).Server(context.Background())
	if err == nil || !strings.Contains(err.Error(), "403") {
		t.Errorf("without monitor: %v", err)
	}
}

// Asking which events are held takes a refresh and a search, once there are two backing indices.
func TestReplayNeedsEachOfItsPrivileges(t *testing.T) {
	n := secured(t)
	install(t, clientFor(t, n), Layout{})
	const namespace = "replay"
	stream := event.SetMessage.Stream(namespace)
	if status, said := create(t, as(t, n, replayer()), namespace); status != http.StatusCreated {
		t.Fatalf("with all privileges: %s", said)
	}
	if status, said := n.Do(t, http.MethodPost, "/"+stream+"/_rollover", ""); status != http.StatusOK {
		t.Fatal(string(said))
	}
	ask := func(r Role) error {
		s := &Sender{client: as(t, n, r)}
		found := map[documentKey]bool{}
		err := s.askStream(context.Background(), stream, []string{"1", "2"}, found)
		if err == nil && (len(found) != 1 || !found[documentKey{stream, "1"}]) {
			t.Errorf("%s: held are %v", r.Name, found)
		}
		return err
	}
	if err := ask(replayer()); err != nil {
		t.Errorf("with all privileges: %v", err)
	}
	for _, lacking := range []string{"read", "maintenance"} {
		err := ask(replayer().without(lacking))
		if err == nil || !strings.Contains(err.Error(), "403") || !strings.Contains(err.Error(), lacking) {
			t.Errorf("without %s: %v", lacking, err)
		}
	}
}

func TestSetupNeedsEachOfItsPrivileges(t *testing.T) {
	n := secured(t)
	install(t, as(t, n, installer()), Layout{Retention: "30d"})
	for lacking, want := range map[string]string{
		"manage_index_templates": "the privileges manage_index_templates (cluster) are needed",
		"monitor":                "403",
	} {
		_, err := as(t, n, installer().without(lacking)).Plan(context.Background(), Layout{})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("without %s: %v", lacking, err)
		}
	}
	create(t, clientFor(t, n), "seen")
	if p := install(t, as(t, n, installer()), Layout{}); len(p.Streams) == 0 {
		t.Error("with view_index_metadata no stream is seen")
	}
	if p := install(t, as(t, n, installer().without("view_index_metadata")), Layout{}); len(p.Streams) != 0 {
		t.Errorf("without view_index_metadata streams are seen: %v", p.Streams)
	}
}

func TestMissingNamesThePrivilege(t *testing.T) {
	n := secured(t)
	for _, r := range []Role{sender(), replayer(), installer()} {
		if missing, err := as(t, n, r).Missing(context.Background(), r); err != nil || len(missing) > 0 {
			t.Errorf("%s lacks %v, %v", r.Name, missing, err)
		}
	}
	missing, err := as(t, n, sender().without("create_doc")).Missing(context.Background(), sender())
	if want := "create_doc on logs-popupwatch.*-*, metrics-popupwatch.*-*"; err != nil || len(missing) != 1 || missing[0] != want {
		t.Errorf("%v %v, want %s", missing, err, want)
	}
	if missing, err = as(t, n, sender().without("monitor")).Missing(context.Background(), sender()); err != nil || fmt.Sprint(missing) != "[monitor (cluster)]" {
		t.Errorf("%v %v", missing, err)
	}
	if _, err := clientFor(t, n, "nobody", "wrong-password").Missing(context.Background(), sender()); err == nil || !strings.Contains(err.Error(), "401") {
		t.Errorf("with a wrong password: %v", err)
	}
}
