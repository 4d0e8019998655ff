package report

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"popupwatch/sensor/spoof"
	"popupwatch/sensor/spoof/proof"
	"popupwatch/sensor/store"
)

// Draft is a report that may be shown to a person. Form.Build is the only way to make one that is not empty.
type Draft struct {
	id       string
	source   netip.AddrPort
	campaign string
	at       time.Time
	document []byte
}

// Valid says whether it is a draft at all.
func (d Draft) Valid() bool { return d.id != "" }

// ID is the id of the report. A claim's drafts have the same one.
func (d Draft) ID() string { return d.id }

// Source is the proven address and port.
func (d Draft) Source() netip.AddrPort { return d.source }

// Text is the draft as it is kept: text, from which no draft can be made again.
func (d Draft) Text() store.Draft {
	return store.Draft{
		ID: d.id, Source: d.source.Addr().Unmap().String(), Campaign: d.campaign, At: d.at, Document: d.document, Hash: hashOf(d.document),
	}
}

func hashOf(document []byte) string {
	sum := sha256.Sum256(document)
	return hex.EncodeToString(sum[:])
}

// CampaignView is what is known of a claim's campaign, and the message that stands for the claim.
type CampaignView struct {
	ID          string
	Verdict     string // of its last document
	Messages    uint64
	Submissions uint64

	From, To, Text string // the claim's last message; where none is remembered, the campaign's sample
	Sample         bool   // they are the sample's
}

// Form is what all drafts have in common. Make it with NewForm.
type Form struct {
	reporter Reporter
	schema   *jsonschema.Schema
}

// ErrReporter is a reporter that XARF does not take.
var ErrReporter = errors.New("who reports needs a name, a mailbox and a domain")

// NewForm makes a form for a reporter, who may be unnamed: then drafts say so, and the gates refuse them until somebody is. ErrReporter is
// said at once: later each draft would be refused for it.
func NewForm(r Reporter) (*Form, error) {
	if r == (Reporter{}) {
		r = nobody()
	}
	schema, err := compileSchema()
	if err != nil {
		return nil, fmt.Errorf("compile the schema of XARF: %w", err)
	}
	blank, err := blankFacts().render(r)
	if err == nil {
		err = validate(schema, blank)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrReporter, err)
	}
	return &Form{reporter: r, schema: schema}, nil
}

// blankFacts are of no report: they show whether a reporter fits.
func blankFacts() *facts {
	nowhere := netip.AddrPortFrom(netip.IPv4Unspecified(), 1)
	return &facts{id: "00000000-0000-4000-8000-000000000000", source: nowhere, destination: nowhere, campaign: "none", rule: "none"}
}

// The reasons for which no draft is built.
var (
	ErrNoProof       = errors.New("there is no proof that this address sent it")
	ErrOtherSource   = errors.New("the proof is of another address than the claim")
	ErrNotReportable = errors.New("the claim is not reportable")
	ErrNotSpam       = errors.New("the campaign is not known as spam")
	ErrNoPort        = errors.New("the source port is not known: behind a shared address nobody could be found")
)

// Build makes the draft of a claim. It is the only way to make one, and it needs the proof.
func (f *Form) Build(g proof.Genuine, a *spoof.Assessment, c CampaignView) (Draft, error) {
	if err := buildable(g, a, c); err != nil {
		return Draft{}, err
	}
	what := factsOf(g, a, c)
	document, err := what.render(f.reporter)
	if err != nil {
		return Draft{}, fmt.Errorf("render a report: %w", err)
	}
	if err := validate(f.schema, document); err != nil {
		return Draft{}, err
	}
	return Draft{id: what.id, source: what.source, campaign: c.ID, at: what.at, document: document}, nil
}

// buildable says why there must be no draft. Each line repeats what the road decided: what blames somebody is asked twice.
func buildable(g proof.Genuine, a *spoof.Assessment, c CampaignView) error {
	switch {
	case !g.Valid() || a == nil:
		return ErrNoProof
	case g.Source().Addr().Unmap() != a.Key.Source.Unmap():
		return ErrOtherSource
	case g.Short() || a.State != spoof.GenuineBound || !a.Reportable || len(a.Refusals) > 0 || a.Conflict || a.Key.Class != spoof.ClassPopup:
		return ErrNotReportable
	case c.ID != a.Key.Campaign || c.Verdict != "spam":
		return ErrNotSpam
	case g.Source().Port() == 0:
		return ErrNoPort
	}
	return nil
}

// factsOf says in words what was seen, and its limit.
func factsOf(g proof.Genuine, a *spoof.Assessment, c CampaignView) facts {
	out := facts{
		id: reportID(a), at: g.At(), source: g.Source(), destination: g.Destination(), campaign: c.ID, rule: g.Rule().String(),
		limit: limitOf(g.Rule(), g.Destination().Addr()), internal: g.Rule() == proof.RuleAccess, messages: a.Messages,
		message: shown(c),
	}
	for _, frame := range g.Frames() {
		if frame > 0 {
			out.packets = append(out.packets, frame)
		}
	}
	out.seen = fmt.Sprintf("An unsolicited Windows Messenger popup came from this address and port at the time given; it belongs to a campaign of at least %d messages.",
		max(c.Messages, a.Messages))
	for i := range a.Evidence {
		out.evidence = append(out.evidence, a.Evidence[i].Text)
	}
	return out
}

// limitOf says what each rule shows of the address, and what it leaves open.
func limitOf(r proof.Rule, challenger netip.Addr) string {
	switch r {
	case proof.RuleCallback:
		return fmt.Sprintf("this address received and answered a challenge sent by %s; an on-path party could imitate this, and so could one whom the address was calling at that moment.", challenger)
	case proof.RuleTCP:
		return fmt.Sprintf("this address received and acknowledged what %s sent in the connection that carried the message; an on-path party could imitate this.", challenger)
	case proof.RuleAccess:
		return "this address sent it from a port of our own network that is bound to its MAC and address; this holds as far as the binding does, and is for our own network only."
	}
	return ""
}

// shown is a popup as a person would read it. From, To and Text are text from the network.
func shown(c CampaignView) string {
	head := ""
	if c.Sample {
		head = "(a sample of the campaign: the message itself is not at hand)\n"
	}
	return head + "From: " + c.From + "\nTo: " + c.To + "\n\n" + c.Text
}

// reportID is made of what the claim is about, so that a claim has one report however often its document is written. It has the form of a
// UUID of version 4, which XARF asks for.
func reportID(a *spoof.Assessment) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "xarf\x00%s\x00%s\x00%s\x00%d\x00%d", a.Key.Source, a.Key.Campaign, a.Key.Class, a.Key.Hour.Unix(), a.Part.UnixNano()))
	b := sum[:16]
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
