package estest

import (
	"bufio"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// One node with all that can be asked for, through its whole life.
func TestNodeKeepsItsDataOverRestartAndKill(t *testing.T) {
	n := Start(t, Options{TLS: true, Users: []User{
		{"reader", "password-of-reader", `{"cluster": [], "indices": [{"names": ["mine"], "privileges": ["read"]}]}`},
	}})
	if status, answer := n.Do(t, "PUT", "/mine/_doc/1?refresh=true", `{"a": 1}`); status != http.StatusCreated {
		t.Fatalf("%d %s", status, answer)
	}
	n.Restart(t)
	n.Kill(t)
	if _, _, err := n.exchange("GET", "/", ""); err == nil {
		t.Error("a killed node answers")
	}
	n.Start(t)
	if got := n.Get(t, "/mine/_doc/1?filter_path=found", "")["found"]; got != true {
		t.Errorf("after restart and kill the document is there: %v", got)
	}
	for path, want := range map[string]int{"/mine/_doc/1": http.StatusOK, "/other/_doc/1": http.StatusForbidden} {
		if got := statusFor(t, n, path, "reader", "password-of-reader"); got != want {
			t.Errorf("reader gets %d for %s, want %d", got, path, want)
		}
	}
}

// statusFor is the status of a GET as a user.
func statusFor(t *testing.T, n *Node, path, name, password string) int {
	t.Helper()
	request, err := http.NewRequest(http.MethodGet, n.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.SetBasicAuth(name, password)
	response, err := n.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	return response.StatusCode
}

// childVariable makes the test below start a node and wait, for its parent to kill it.
const childVariable = "ESTEST_CHILD"

func TestNoNodeSurvivesItsTest(t *testing.T) {
	if os.Getenv(childVariable) != "" {
		fmt.Println("port", Start(t, Options{}).port)
		select {}
	}
	installed(t, Elasticsearch8)
	java(t, Elasticsearch8)
	child := exec.Command("/proc/self/exe", "-test.run=^TestNoNodeSurvivesItsTest$")
	child.Env = append(os.Environ(), childVariable+"=1")
	output, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	var port int
	lines := bufio.NewScanner(output)
	for port == 0 && lines.Scan() {
		fmt.Sscanf(lines.Text(), "port %d", &port)
	}
	child.Process.Kill()
	child.Wait()
	for end := time.Now().Add(20 * time.Second); !free(port); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("the node on port %d is still there", port)
		}
	}
	if port == 0 {
		t.Error("the child started no node")
	}
	sweep()
	if left, _ := filepath.Glob(filepath.Join(os.TempDir(), fmt.Sprintf("%s%d-*", folderPrefix, child.Process.Pid))); len(left) > 0 {
		t.Errorf("the folder of a killed test stays: %v", left)
	}
}
