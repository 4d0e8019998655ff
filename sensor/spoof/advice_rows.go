package spoof

import (
	"slices"
	"strings"
)

// adviceOfRow is the counsel for one row of evidence.
type adviceOfRow struct {
	id, change, never string
}

// adviceOn finds the counsel for a row. What kept a proof from being one is the same counsel for all rules.
func adviceOn(id string) (adviceOfRow, bool) {
	if strings.HasSuffix(id, "-failed") {
		id = "failed"
	}
	i := slices.IndexFunc(rowAdvice[:], func(a adviceOfRow) bool { return a.id == id })
	if i < 0 {
		return adviceOfRow{}, false
	}
	return rowAdvice[i], true
}

// neverTool is what equal marks do not show.
const neverTool = "That equal marks mean one machine: every copy of a tool leaves the same marks."

// neverMember is what one machine behind many addresses does not show.
const neverMember = "That none of the addresses is real: one of them may be the machine's own. Which one, this does not say."

// rowAdvice has a line for every row of the catalogue and for every rule (SPOOF-AND-CAMPAIGNS 2 and 3).
var rowAdvice = [...]adviceOfRow{
	{"R1", "A dated table by which the address was in use at the packet's time.", ""},
	{"R1b", "", "That somebody forged on purpose."},
	{"E03", "A routing table of the packet's time that has a route to the address.", ""},
	{"E05", "", "That the address's host is broken or took part: it did not send itself anything over the network."},
	{"R2", "", "More than the proof says: that the address received our question and answered it. It names no person."},
	{"R2'", "", "More than the proof says: that the address took part in the connection that carried the message. It names no person."},
	{"R2''", "", "That it concerns anybody outside: it is about our own user, and our own binding of address and port."},
	{"failed", "The same exchange with every condition met.", "That an answer which meets nearly all conditions is nearly a proof: each condition closes a way to fake one."},
	{"R2c", "A person who finds out which of the two is wrong.", "That the proof wins because it is a proof. Two hosts may speak for one address, and one of them forges."},
	{"R3", "", "That a host which answers anything sent this."},

	{"E10", "Tunnels or odd initial TTLs (30, 60, 200) on the way that explain it.", ""},
	{"E11", "", "Much: some systems begin at 255."},
	{"E12", "A route that changed at that time, several routes, or another router at the customer's.", "That it is certain: one genuine packet in seven differs so."},
	{"E13", "", "That the packet is genuine: who looks up the way can match the number, and one forged packet in four does so by chance."},
	{"E14", "Networks that lie equally far away, or a box in front of the sensor that rewrites TTLs.", neverMember},
	{"E15", "Several hosts behind the address (NAT, CGN), or several routes.", ""},
	{"E20", "Fewer networks than were counted: an address pool of one operator shows one counter too.", neverMember},
	{"E21", "Fewer networks than were counted: an address pool of one operator shows one counter too.", neverMember},
	{"E22", "Fewer networks than were counted: an address pool of one operator shows one counter too.", neverMember},
	{"E23", "A clock that stands still: then one tool was copied.", neverMember},
	{"E24", "", neverTool},
	{"E25", "A controller that gives many hosts their turns.", "That a steady beat means one machine: a botnet can be told when to send."},
	{"E26", "An address pool of one operator behind the addresses.", neverMember},
	{"E30", "", "That one order of targets means one machine: a botnet can share a list."},
	{"E31", "Hosts that are told to the millisecond when to send.", "That one order of targets means one machine: a botnet can share a list."},
	{"E32", "", "That a source which is seen once is forged: a small sensor sees most senders once."},
	{"E33", "", "Which host of the network it was: neighbours can forge each other."},
	{"E40", "Sources that cannot be senders turning out to be of another tool.", "That the address itself was seen to be forged: its neighbours in the same flow were."},
	{"E41", "", "That the addresses are real: a forger can draw them from a list of real ones."},
	{"E42", "", "That each address is forged: it is about all of them together."},
	{"E43", "A network larger than a /24, in which such an address is an ordinary host's.", ""},
	{"E44", "", "That the addresses of the pool belong together: a forger's list is anybody's."},
	{"E04", "An interface that hears both directions, or home addresses that are used elsewhere too.", ""},

	{"E50", "A fault of the network that passed.", "That nobody ever has the address: it was not to be reached then."},
	{"E51", "", "Much: a tool that sends from a raw socket has no port open either."},
	{"E52", "", "That the host lies: its service was asked about a call and denies it, as an innocent host would."},
	{"E53", "", "That the host lies: it knows nothing of the call, as an innocent host would."},
	{"E54", "Seeing which of the two answers came from the address's own network.", "That the answer which affirms is the true one: who forged the call can forge that too."},

	{"E60", "", "Anything about an address that no such error was seen of."},
	{"E61", "A call that asks for an answer: only with such a one can its sender be proven.", "That it was forged because it can be: genuine senders use such calls too."},
	{"E62", "", "That the address is guilty because it is named so often: that is what a forger's favourite looks like."},
	{"E63", "", "That the system of the alleged sender is known: a TTL and a checksum are written by whoever makes the packet."},
}
