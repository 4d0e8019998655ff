package spoof

import (
	"net/netip"
	"strconv"
	"time"

	"popupwatch/decoders"
	"popupwatch/decoders/dcerpc"
	"popupwatch/decoders/inet"
	"popupwatch/decoders/msgsvc"
)

// The classes of claims (CONTRACT.md 2.0).
const (
	ClassPopup   = "popup"
	ClassProbe   = "probe"
	ClassExploit = "exploit"
)

// sighting is what the judge looks at of one popup or probe. It points into its message or signal.
type sighting struct {
	class       string
	time, began time.Time // of its frame; of its first frame
	src, dst    netip.AddrPort
	marks       *inet.Marks
	iface       int
	frame       uint64
	first       bool         // of its submission
	call        *dcerpc.Call // nil where the packet carried none
	spam        bool
	message     *decoders.Message // where its sender may prove that it was his; else nil
}

// sightingOf is a popup, or an exploit attempt, as the judge looks at it.
func sightingOf(m *decoders.Message) sighting {
	s := sighting{
		class: ClassOf(m), time: m.Time, began: m.Began, src: m.Src, dst: m.Dst, marks: &m.Marks, iface: m.Iface, frame: m.Frames[0], first: m.First,
	}
	if m.Route == decoders.RouteRPC {
		s.call = &m.RPC
	}
	return s
}

// ClassOf says whether a popup is judged as one, or as an exploit attempt: these belong to no campaign.
func ClassOf(m *decoders.Message) string {
	if m.Shape == msgsvc.ShapeExploit {
		return ClassExploit
	}
	return ClassPopup
}

// calls says whether a probe is a call by itself: then its header is that of one whole request.
func calls(g *decoders.Signal) bool {
	switch g.Probe {
	case decoders.ProbeMapper, decoders.ProbeOperation, decoders.ProbeVersion, decoders.ProbeNames, decoders.ProbeStub:
		return g.PDU.Activity != dcerpc.UUID{}
	}
	return false
}

// classNames makes the names of the populations of classes: one allocation for each hour.
type classNames struct {
	class, name string
	hour        int32
}

func (n *classNames) of(class string, hour int32) string {
	if n.class != class || n.hour != hour {
		*n = classNames{class, class + " " + strconv.Itoa(int(hour)), hour}
	}
	return n.name
}
