package elastic

import (
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The page of privileges is made of Roles, which the checks and the tests use as well.
func TestPageOfPrivilegesIsMadeOfTheRoles(t *testing.T) {
	const path = "../../cmd/popupwatch/topics/privileges.md"
	if *update {
		if err := os.WriteFile(path, []byte(RolePage()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), RolePage()); diff != "" {
		t.Errorf("%s is stale: run with -update (-want +got):\n%s", path, diff)
	}
}
