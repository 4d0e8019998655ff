package spoof

import (
	"fmt"

	"popupwatch/sensor/spoof/proof"
)

// proofRows adds what a claim's proof says, or what kept an answer from being one, and that it was reached otherwise.
func (j *Judge) proofRows(to []Evidence, c *claim) []Evidence {
	d := j.dossierOf(c)
	switch {
	case d != nil && d.proof.Valid():
		to = append(to, Evidence{d.proof.Rule().String(), "rule", 0, sentenceProof(d.proof), j.frames(d.proof.Frames())})
		if c.conflict {
			to = append(to, Evidence{"R2c", "rule", 0, sentenceConflict, j.frames(d.proof.Frames())})
		}
	case c.rows&rowProven != 0:
		to = append(to, Evidence{"R2", "rule", 0, sentenceRestored, nil})
	case d != nil && d.failed.Rule != proof.RuleNone:
		to = append(to, Evidence{d.failed.Rule.String() + "-failed", "rule", 0, sentenceFailed(&d.failed), j.frames(d.failed.Frames)})
	}
	if c.rows&rowReached != 0 && c.rows&rowProven == 0 {
		to = append(to, Evidence{"R3", "rule", 0, sentenceReached, nil})
	}
	return to
}

// frames gives the frames that are not 0.
func (j *Judge) frames(all [3]uint64) []uint64 {
	from := len(j.packets)
	for _, f := range all {
		if f != 0 {
			j.packets = append(j.packets, f)
		}
	}
	return j.packets[from:len(j.packets):len(j.packets)]
}

// answered gives the frames that showed a row of answers.
func (j *Judge) answered(c *claim, r rows) []uint64 {
	from := len(j.packets)
	if d := j.dossierOf(c); d != nil {
		for _, one := range d.cited {
			if one.row == r {
				j.packets = append(j.packets, one.frame)
			}
		}
	}
	return j.packets[from:len(j.packets):len(j.packets)]
}

const (
	sentenceConflict = "The proof and other evidence contradict each other: a person has to look, and nobody may be reported."
	sentenceRestored = "The source proved itself earlier, before this part of the claim or before the sensor was started again; the proof itself is not kept, so nobody may be reported on it."
	sentenceReached  = "The address received what a host of ours sent around that hour: it exists, but nothing ties it to this message."
)

func sentenceProof(g proof.Genuine) string {
	says := ""
	switch g.Rule() {
	case proof.RuleCallback:
		says = "The called host asked the source whether it made this call, by an activity that nobody else could know, and the source answered yes, with the call's number."
	case proof.RuleTCP:
		says = "The message came in a TCP connection whose client acknowledged the server's numbers and at least two segments of its data."
	default:
		return "The message came from an access port of our own network that is bound to this MAC and address: an internal matter."
	}
	if g.Executed() {
		says += " The host then took the message."
	}
	if g.Short() {
		says += " The input ended before 10 s without contradiction had passed."
	}
	if g.Rule() == proof.RuleCallback {
		return says + " Only a party on the path, or one whom the source was calling at that moment, could imitate this."
	}
	return says + " Only a party on the path could imitate this."
}

// sentenceFailed says which condition of a proof did not hold.
func sentenceFailed(o *proof.Outcome) string {
	head := "The source answered a question that our host asked about this call, but that proves nothing: "
	if o.Rule == proof.RuleTCP {
		head = "The message came in a TCP connection, but that proves nothing: "
	}
	return head + reasonFailed(o.Failed)
}

func reasonFailed(c proof.Condition) string {
	switch c {
	case proof.CallPlain:
		return "the call needs no answer, or came in a tunnel."
	case proof.CallbackLeft:
		return "the question was not seen to leave our network for the caller within 30 s of the call."
	case proof.ActivityFresh:
		return "the question's activity can be guessed (it is not of version 4), was also used with others, or may have been: not all its numbers were seen."
	case proof.AnswerFits:
		return "the answer came from another port, too early or too late, with another number, or did not say yes."
	case proof.NotContradicted:
		return "something from the same address, or our own host, said otherwise, or another message had the call's numbers."
	case proof.NotGuessed:
		return "the address sent answers to questions that were never asked: it may have guessed."
	case proof.SamePath:
		return "call and answer did not come the same way (TTL, MAC address or interface)."
	case proof.HandshakeWhole:
		return "its handshake was not seen whole."
	case proof.Acknowledged:
		return "the client acknowledged fewer than two segments of the server's data."
	case proof.NumbersUnforeseen:
		return "the server's initial numbers can be foretold, so the client need not have received them."
	case proof.NotReset:
		return "the client's address refused the connection."
	case proof.OnePath:
		return "the client's segments came with different TTLs."
	case proof.ServerLeft:
		return "the server's answers were not seen to leave our network, or came in a tunnel."
	default:
		return "many of the client's segments fit nothing: it may have guessed."
	}
}

func answerSentence(r rows) string {
	switch r {
	case rowE50:
		return "What our host replied to the source came back as undeliverable (network or host unreachable, or expired on the way)."
	case rowE51:
		return "The source's address refused what our host replied: nothing listens at that port. A tool that sends from a raw socket would show the same."
	case rowE52:
		return "The source's own RPC service denied that it made this call (nca_s_bad_actid, or a status that is not 0)."
	case rowE53:
		return "The source's address knows nothing of the call (nocall or reject)."
	default:
		return "The source's address gave two different answers to one question: one host denies what another affirms."
	}
}

func (j *Judge) sentenceHops(r rows, c *claim) string {
	n, _, _ := hops(c.ttl)
	v, _ := j.trust.verifiedHops(c.key.source.addr())
	says := fmt.Sprintf("The packet comes from %s away; proven traffic of the address or its network came from %s.", hopText(n), hopText(int(v)))
	if r == rowE12 {
		return says + " Of forged packets 75 % show such a difference, of genuine ones 15 %."
	}
	return says + " Of genuine packets 85 % agree so, of forged ones 25 %."
}
