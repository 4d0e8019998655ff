package simulate

// session is one TCP connection to the SMB server of one of our hosts, which carries a popup.
type session struct {
	conversation
	client, server uint32 // next sequence numbers
	believed       uint32 // the server's, as the client believes
	name           string // of the called host
}

// connect begins a session in the name of an address.
func (c *conversation) connect() *session {
	x := &session{conversation: *c, client: c.s.rng.Uint32(), name: "DESKTOP42"}
	x.truth.Proof = c.truth.Proof && !c.server.stepISN
	return x
}

// in sends a segment to the server.
func (x *session) in(flags uint8, data []byte, t Truth) {
	h := x.arrives(139)
	t.tcp = true
	x.s.sendTCP(&h, segment{x.client, x.believed, flags}, data, t)
	x.client += uint32(len(data))
	if flags&(flagSYN|flagFIN) != 0 {
		x.client++
	}
}

// out sends a segment of the server.
func (x *session) out(flags uint8, data []byte) {
	h := x.says(139)
	x.s.sendTCP(&h, segment{x.server, x.client, flags}, data, x.ours())
	x.server += uint32(len(data))
	if flags&(flagSYN|flagFIN) != 0 {
		x.server++
	}
}

// accept is the second segment of the handshake.
func (x *session) accept() {
	x.server = x.conversation.server.handshake(x.s)
	x.out(flagSYN|flagACK, nil)
}

// popup sends the message itself.
func (x *session) popup() {
	t := x.truth
	t.Popup, t.step = true, stepCall
	x.in(flagPSH|flagACK, appendSMB(nil, false, blockOf(x.m.from, x.name, x.m.text(x.s.rng))), t)
}

// converse is the whole connection of an honest client.
func (x *session) converse() {
	s, t := x.s, x.truth
	t.Proof = false
	steps := []func(){
		func() { x.in(flagSYN, nil, t) },
		x.accept,
		func() { x.believed = x.server; x.handshaken(t) },
		func() { x.in(flagPSH|flagACK, appendSessionRequest(nil, x.name, "SENDER"), t) },
		func() { x.out(flagPSH|flagACK, appendSession(nil, sessionPositive, nil)) },
		func() { x.believed = x.server; x.popup() },
		func() { x.out(flagPSH|flagACK, appendSMB(nil, true, nil)) },
		func() { x.believed = x.server; x.in(flagFIN|flagACK, nil, t) },
		func() { x.out(flagFIN|flagACK, nil) },
		func() { x.believed = x.server; x.in(flagACK, nil, t) },
	}
	s.script(steps)
}

// handshaken is the third segment of the handshake, if its number is the one that the server expects.
func (x *session) handshaken(t Truth) {
	if x.believed == x.server {
		t.step = stepHandshake
	}
	x.in(flagACK, nil, t)
}

// script runs steps one after the other, a part of a round trip apart.
func (s *Stream) script(steps []func()) {
	steps[0]()
	if len(steps) > 1 {
		s.after(300*microsecond+s.roundTrip()/2, func() { s.script(steps[1:]) })
	}
}

// blind is a connection of somebody who does not see what the server answers: he counts on guess, and on what servers always say.
func (x *session) blind(guess uint32) {
	steps := []func(){
		func() { x.in(flagSYN, nil, x.truth) },
		x.accept,
		func() { x.believed = guess + 1; x.handshaken(x.truth) },
		func() { x.in(flagPSH|flagACK, appendSessionRequest(nil, x.name, "SENDER"), x.truth) },
	}
	if guess+1 == x.predicted() {
		steps = append(steps, x.believing()...)
	} else {
		steps = append(steps, x.popup)
	}
	x.s.script(steps)
}

// predicted is the number that the server expects next, of a server whose numbers can be told beforehand; else one that no guess hits.
func (x *session) predicted() uint32 {
	v := x.conversation.server
	if !v.stepISN {
		return 0
	}
	return v.isn + 64000 + 1
}

// believing is what follows where the guess was right: all that the server says is known beforehand.
func (x *session) believing() []func() {
	return []func(){
		func() { x.out(flagPSH|flagACK, appendSession(nil, sessionPositive, nil)) },
		func() { x.believed += 4; x.popup() },
		func() { x.out(flagPSH|flagACK, appendSMB(nil, true, nil)) },
		func() { x.believed += 39; x.in(flagFIN|flagACK, nil, x.truth) },
		func() { x.out(flagFIN|flagACK, nil) },
		func() { x.believed++; x.in(flagACK, nil, x.truth) },
	}
}
