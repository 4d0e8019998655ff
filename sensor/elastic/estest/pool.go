package estest

import (
	"fmt"
	"sync"
	"testing"
)

// Pool is the nodes that the tests of a package share. Its zero value is empty; it is for a variable of a test file, and TestMain closes it:
//
//	var nodes estest.Pool
//
//	func TestMain(m *testing.M) { os.Exit(nodes.Main(m)) }
type Pool struct {
	mutex sync.Mutex
	nodes map[string]*Node
}

// Main runs the tests of a package and ends the nodes.
func (p *Pool) Main(m interface{ Run() int }) int {
	defer p.Close()
	return m.Run()
}

// Node gives the node with these options, which is started the first time it is asked for. A test leaves it as it was but for names of its
// own, and does not stop it.
func (p *Pool) Node(t testing.TB, o Options) *Node {
	t.Helper()
	p.mutex.Lock()
	defer p.mutex.Unlock()
	key := fmt.Sprintf("%+v", o.withDefaults())
	n := p.nodes[key]
	if n == nil {
		n = launch(t, o)
		if p.nodes == nil {
			p.nodes = map[string]*Node{}
		}
		p.nodes[key] = n
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("%s said last:\n%s", n.URL, n.Log())
		}
	})
	return n
}

// Close ends the nodes.
func (p *Pool) Close() {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	for _, n := range p.nodes {
		n.end()
	}
	p.nodes = nil
}
