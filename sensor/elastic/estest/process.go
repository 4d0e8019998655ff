package estest

import (
	"os"
	"os/exec"
	goruntime "runtime"
	"syscall"
	"time"
)

// outputFile is where the server's standard output goes, below its folder.
const outputFile = "output.log"

// process is the running server: a shell script that becomes Java, which for Elasticsearch starts a second Java.
type process struct {
	cmd  *exec.Cmd
	done chan struct{} // closed when the first of them has ended
}

// run starts the server of a node. It ends with this process, however that ends: the kernel kills the first Java with its parent, and the
// second ends when the pipe from the first does.
func run(h *home, java string, o Options) (*process, error) {
	output, err := os.OpenFile(h.path(outputFile), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, err
	}
	defer output.Close()
	r := o.Distribution.runtime()
	p := &process{cmd: exec.Command(h.path("bin", r.program)), done: make(chan struct{})}
	p.cmd.Dir, p.cmd.Stdout, p.cmd.Stderr = h.folder, output, output
	p.cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + h.folder, r.prefix + "JAVA_HOME=" + java, r.prefix + "TMPDIR=" + h.path("tmp"),
		r.prefix + "JAVA_OPTS=-Xms512m -Xmx512m -XX:-UseG1GC -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:-UsePerfData",
		"CLI_JAVA_OPTS=-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -XX:-UsePerfData -Xmx64m",
	}
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Credential: h.owner, Setpgid: true, Pdeathsig: syscall.SIGKILL}
	started := make(chan error)
	go p.mind(started)
	if err := <-started; err != nil {
		return nil, err
	}
	return p, nil
}

// mind starts the process and waits for its end, on one thread: the kernel kills it when the thread that started it ends (prctl(2)).
func (p *process) mind(started chan<- error) {
	goruntime.LockOSThread()
	defer goruntime.UnlockOSThread()
	err := p.cmd.Start()
	started <- err
	if err == nil {
		p.cmd.Wait() // how it ended is of no interest
		close(p.done)
	}
}

// kill ends all of its processes at once.
func (p *process) kill() {
	syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL) // they may be gone
	<-p.done
}

// terminate asks it to end, and kills it if that takes too long.
func (p *process) terminate() {
	syscall.Kill(p.cmd.Process.Pid, syscall.SIGTERM) // it may be gone
	select {
	case <-p.done:
	case <-time.After(30 * time.Second):
		p.kill()
	}
}
