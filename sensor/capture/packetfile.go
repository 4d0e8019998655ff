package capture

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"

	"popupwatch/decoders"
)

// Codes of options that are written, besides those that are read (draft-ietf-opsawg-pcapng 3.5, 4.1, 4.2).
const (
	optionComment     = 1
	optionDescription = 3 // if_description
	optionApplication = 4 // shb_userappl

	nanoUnit   = 9 // if_tsresol: 10^-9 s
	maxComment = 4000
)

// PacketFile writes a pcapng with comments on packets, which pcapgo's writer has not (v1.1.19). Link types, interfaces, times to the
// nanosecond, snap lengths and the length on the wire stay what they were. The same frames make the same octets.
type PacketFile struct {
	w       *bufio.Writer
	ifaces  func(int) decoders.Interface
	numbers map[written]uint32 // of interfaces in the file, as they come first: as many as the frames have
	block   []byte
}

// written is an interface as the file describes it: one that came back may have another link type.
type written struct {
	iface int
	link  decoders.LinkType
}

// NewPacketFile begins a file; ifaces says what a frame's Iface names, comment what there is to say of the whole.
func NewPacketFile(w io.Writer, ifaces func(int) decoders.Interface, application, comment string) *PacketFile {
	p := &PacketFile{w: bufio.NewWriterSize(w, 1<<16), ifaces: ifaces, numbers: map[written]uint32{}}
	b := p.begin(blockSection)
	b = binary.LittleEndian.AppendUint32(b, orderMagic)
	b = binary.LittleEndian.AppendUint16(b, 1)
	b = binary.LittleEndian.AppendUint16(b, 0)
	b = binary.LittleEndian.AppendUint64(b, 1<<64-1) // the section's length is not stated
	b = appendOption(b, optionApplication, application)
	b = appendOption(b, optionComment, comment)
	p.end(appendEnd(b)) // an error of w comes back at Close
	return p
}

// Add writes a frame with its comments, each of which ends up as one of Wireshark's packet comments. They must be free of what a terminal obeys.
func (p *PacketFile) Add(f *decoders.Frame, comments []string) error {
	iface, err := p.number(f)
	if err != nil {
		return err
	}
	at := uint64(f.Time.UnixNano())
	b := p.begin(blockEnhanced)
	b = binary.LittleEndian.AppendUint32(b, iface)
	b = binary.LittleEndian.AppendUint32(b, uint32(at>>32))
	b = binary.LittleEndian.AppendUint32(b, uint32(at))
	b = binary.LittleEndian.AppendUint32(b, uint32(len(f.Data)))
	b = binary.LittleEndian.AppendUint32(b, uint32(f.Len))
	b = pad(append(b, f.Data...))
	for _, c := range comments {
		b = appendOption(b, optionComment, c)
	}
	if len(comments) > 0 {
		b = appendEnd(b)
	}
	return p.end(b)
}

// number gives the interface of a frame its number in the file, and describes it before its first frame.
func (p *PacketFile) number(f *decoders.Frame) (uint32, error) {
	key := written{f.Iface, f.Link}
	if n, ok := p.numbers[key]; ok {
		return n, nil
	}
	i := p.ifaces(f.Iface)
	b := p.begin(blockInterface)
	b = binary.LittleEndian.AppendUint16(b, uint16(f.Link))
	b = binary.LittleEndian.AppendUint16(b, 0)
	b = binary.LittleEndian.AppendUint32(b, i.Snap)
	if i.Name != "" {
		b = appendOption(b, optionName, i.Name)
	}
	if i.Path != "" {
		b = appendOption(b, optionDescription, i.Path)
	}
	b = appendOption(b, optionUnit, string([]byte{nanoUnit}))
	n := uint32(len(p.numbers))
	p.numbers[key] = n
	return n, p.end(appendEnd(b))
}

// Close writes what is gathered. It does not close what it writes to.
func (p *PacketFile) Close() error {
	if err := p.w.Flush(); err != nil {
		return fmt.Errorf("write packets: %w", err)
	}
	return nil
}

// begin begins a block: its type, and room for its length.
func (p *PacketFile) begin(kind uint32) []byte {
	return append(binary.LittleEndian.AppendUint32(p.block[:0], kind), 0, 0, 0, 0)
}

// end closes a block and writes it.
func (p *PacketFile) end(b []byte) error {
	total := uint32(len(b) + 4)
	binary.LittleEndian.PutUint32(b[4:], total)
	p.block = binary.LittleEndian.AppendUint32(b, total)
	if _, err := p.w.Write(p.block); err != nil {
		return fmt.Errorf("write packets: %w", err)
	}
	return nil
}

// appendOption appends one option; text that is too long is cut between two characters.
func appendOption(b []byte, code uint16, text string) []byte {
	if len(text) > maxComment {
		n := maxComment
		for n > 0 && text[n]&0xc0 == 0x80 {
			n--
		}
		text = text[:n]
	}
	b = binary.LittleEndian.AppendUint16(b, code)
	b = binary.LittleEndian.AppendUint16(b, uint16(len(text)))
	return pad(append(b, text...))
}

// appendEnd appends the end of options.
func appendEnd(b []byte) []byte { return append(b, 0, 0, 0, 0) }

// pad fills up to 32 bits: all that stands before is a multiple of that.
func pad(b []byte) []byte {
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	return b
}
