package capture

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/google/gopacket/pcap"
	"golang.org/x/net/bpf"

	"popupwatch/decoders"
)

const (
	// maxPrograms bounds the link types one expression is compiled for; there are about 300 in the world, and a hostile pcapng declares
	// 65,536. Nothing is evicted: what comes after the bound is a FilterError.
	maxPrograms = 256
	wireOctets  = 4 // the wire length before the octets of a frame, for programs that ask for it
	// rejectsAll is libpcap's complaint about ip6 on a link of IPv4 alone. For a user's expression it is an error; for one file of many
	// it is a program that refuses every frame.
	rejectsAll = "expression rejects all packets"
)

// CheckFilter says what is wrong with a filter expression, with libpcap's reason; nil for an empty one. An expression that only some
// link type has the fields for (wlan type mgt) passes: whether it fits a file shows when the file is opened.
func CheckFilter(expr string) error {
	const ethernet, radio, linuxAny = 1, 105, 113
	if expr == "" {
		return nil
	}
	var first error
	for _, link := range []decoders.LinkType{ethernet, radio, linuxAny} {
		_, err := compile(expr, link, littleEndian)
		if err == nil {
			return nil
		}
		if first == nil {
			first = &FilterError{expr, link, err}
		}
		if strings.Contains(err.Error(), rejectsAll) {
			break // understood, and a mistake
		}
	}
	return first
}

// filters is one expression, compiled for each link type and octet order of a file that it meets.
type filters struct {
	expr     string
	programs map[dialect]*program // at most maxPrograms
}

// dialect is what the same expression is compiled differently for: with LINKTYPE_NULL the address family stands in the order of the
// machine that captured.
type dialect struct {
	link  decoders.LinkType
	order order
}

func newFilters(expr string) *filters {
	return &filters{expr: expr, programs: make(map[dialect]*program)}
}

// program is the expression for a link type; nil where every frame passes. Its error is a *FilterError.
func (f *filters) program(link decoders.LinkType, o order) (*program, error) {
	if f.expr == "" {
		return nil, nil
	}
	if p := f.programs[dialect{link, o}]; p != nil {
		return p, nil
	}
	if len(f.programs) == maxPrograms {
		return nil, &FilterError{f.expr, link, fmt.Errorf("the input has more than %d link types", maxPrograms)}
	}
	p, err := compile(f.expr, link, o)
	if err != nil && strings.Contains(err.Error(), rejectsAll) {
		p, err = newProgram([]bpf.Instruction{bpf.RetConstant{Val: 0}}, nil, false)
	}
	if err != nil {
		return nil, &FilterError{f.expr, link, err}
	}
	f.programs[dialect{link, o}] = p
	return p, nil
}

// declare knows the filter of an interface and no numbers: it is for a look at a file before its turn.
func (f *filters) declare(_ string, link decoders.LinkType, _ uint32, o order) (d declared, err error) {
	d.filter, err = f.program(link, o)
	return d, err
}

// compile asks libpcap, on an empty capture of that link type: pcap.CompileBPFFilter holds link types in 8 bits (SLL2 is 276), wants
// the number of the machine instead of that of files, and does not know the order of LINKTYPE_NULL.
func compile(expr string, link decoders.LinkType, o order) (*program, error) {
	h, err := emptyCapture(link, o)
	if err != nil {
		return nil, err
	}
	defer h.Close()
	raw, err := h.CompileBPFFilter(expr)
	if err != nil {
		return nil, err
	}
	return translate(raw)
}

// emptyCapture is libpcap's handle of a capture without frames, read from a pipe.
func emptyCapture(link decoders.LinkType, o order) (*pcap.Handle, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("make a pipe for libpcap: %w", err)
	}
	defer r.Close()
	_, err = w.Write(pcapHead(link, o))
	if err = errors.Join(err, w.Close()); err != nil {
		return nil, fmt.Errorf("write to libpcap: %w", err)
	}
	return pcap.OpenOffline(fmt.Sprintf("/dev/fd/%d", r.Fd()))
}

// pcapHead is the head of a capture file as libpcap writes it.
func pcapHead(link decoders.LinkType, o order) []byte {
	var put binary.AppendByteOrder = binary.LittleEndian
	if o == bigEndian {
		put = binary.BigEndian
	}
	b := put.AppendUint32(nil, magicMicro)
	b = put.AppendUint16(put.AppendUint16(b, 2), 4)
	b = put.AppendUint32(put.AppendUint32(b, 0), 0)
	return put.AppendUint32(put.AppendUint32(b, maxCaptured), uint32(link))
}

// program is a compiled expression. It is not safe for concurrent use.
type program struct {
	whole *bpf.VM // over the octets of a frame that was captured whole
	cut   *bpf.VM // over the wire length and the octets; nil where the expression does not ask for the length
	frame []byte  // what cut runs over; at most wireOctets + maxCaptured
}

// match says whether a frame passes; wire is its length before capture.
func (p *program) match(data []byte, wire int) bool {
	if p.cut == nil || wire == len(data) {
		n, err := p.whole.Run(data)
		return err == nil && n != 0
	}
	p.frame = binary.BigEndian.AppendUint32(p.frame[:0], uint32(wire))
	p.frame = append(p.frame, data...)
	n, err := p.cut.Run(p.frame)
	return err == nil && n != 0
}

// translate makes libpcap's program run in x/net/bpf, or says which instruction has no equal there.
func translate(raw []pcap.BPFInstruction) (*program, error) {
	var whole, cut []bpf.Instruction
	asks := false
	for i, r := range raw {
		in := bpf.RawInstruction{Op: r.Code, Jt: r.Jt, Jf: r.Jf, K: r.K}
		one, two, length, err := instruction(in)
		if err != nil {
			return nil, fmt.Errorf("run instruction %d of the compiled filter: %w", i, err)
		}
		whole, cut, asks = append(whole, one), append(cut, two), asks || length
	}
	return newProgram(whole, cut, asks)
}

func newProgram(whole, cut []bpf.Instruction, asks bool) (p *program, err error) {
	p = &program{}
	if p.whole, err = bpf.NewVM(whole); err == nil && asks {
		p.cut, err = bpf.NewVM(cut)
	}
	if err != nil {
		return nil, fmt.Errorf("load the compiled filter: %w", err)
	}
	return p, nil
}

// instruction is one of libpcap's in the words of x/net/bpf: over the octets of a frame, and over the same with the wire length
// before them, since the VM takes `len` for the number of octets it was given. asks: it is one that loads the length.
func instruction(raw bpf.RawInstruction) (whole, cut bpf.Instruction, asks bool, err error) {
	in := raw.Disassemble()
	// What does not assemble to itself means something else there: ether[0xfffff001] would be the length, ldx of it would be ld.
	if again, err := in.Assemble(); err != nil || again.Op != raw.Op {
		return nil, nil, false, fmt.Errorf("%+v has no equal in golang.org/x/net/bpf", raw)
	}
	switch in := in.(type) {
	case bpf.LoadExtension:
		return in, bpf.LoadAbsolute{Off: 0, Size: 4}, true, nil
	case bpf.LoadAbsolute:
		return in, bpf.LoadAbsolute{Off: behindLength(in.Off), Size: in.Size}, false, nil
	case bpf.LoadIndirect:
		return in, bpf.LoadIndirect{Off: behindLength(in.Off), Size: in.Size}, false, nil
	case bpf.LoadMemShift:
		return in, bpf.LoadMemShift{Off: behindLength(in.Off)}, false, nil
	case bpf.NegateA: // not in the VM; the same in arithmetic modulo 2^32
		times := bpf.ALUOpConstant{Op: bpf.ALUOpMul, Val: 0xffffffff}
		return times, times, false, nil
	case bpf.RawInstruction:
		return nil, nil, false, fmt.Errorf("code %#x is unknown to golang.org/x/net/bpf", raw.Op)
	default:
		return in, in, false, nil
	}
}

// behindLength moves an offset; one that is beyond any frame stays there instead of wrapping around into it.
func behindLength(off uint32) uint32 {
	if off > maxCaptured {
		return off
	}
	return off + wireOctets
}
