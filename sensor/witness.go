package sensor

import (
	"popupwatch/decoders"
	"popupwatch/sensor/spoof"
)

// Kernel is a source that captures: it knows what the kernel handed over and dropped since it was opened, and the interfaces themselves.
type Kernel interface {
	Kernel() (received, dropped, interfaceDropped uint64)
}

// Witness sees what the road makes of its frames, for who keeps the packets behind a verdict. What it is given is borrowed for the call, and
// it must change nothing.
type Witness interface {
	Frame(f *decoders.Frame, why decoders.Reason, r *decoders.Result) // after it was decoded, before anything of it is taken on
	Popup(m *decoders.Message, a *spoof.Assessment)
	Claim(a *spoof.Assessment) // one that changed or closed
}

func (s *Sensor) showFrame(f *decoders.Frame, why decoders.Reason) {
	if w := s.config.Witness; w != nil {
		w.Frame(f, why, &s.result)
	}
}

func (s *Sensor) showPopup(m *decoders.Message, a *spoof.Assessment) {
	if w := s.config.Witness; w != nil {
		w.Popup(m, a)
	}
}

func (s *Sensor) showClaim(a *spoof.Assessment) {
	if w := s.config.Witness; w != nil {
		w.Claim(a)
	}
}
