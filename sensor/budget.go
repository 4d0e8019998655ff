package sensor

// DefaultMemory is limits.memory where nothing is configured: octets of state. The process takes more, since the collector lets garbage
// pile up: MemoryLimit says how much it may.
const DefaultMemory = 352 << 20

// Budget divides limits.memory among everything that grows with traffic. This is the one place that shows the sum.
type Budget struct {
	Decoder   int64 // reassembly, copies, submissions, texts
	Rules     int64 // judged texts and senders
	Campaigns int64
	Spoof     int64 // claims and what campaigns show of their sources
	Findings  int64 // three quarters for what is gathered, a quarter for what ties ICMP errors to campaigns
	Rollup    int64 // half for documents gathered, a quarter each for claims gathered and the summary
}

// Divide shares out memory, in thirty-seconds.
func Divide(memory int64) Budget {
	part := memory / 32
	return Budget{Decoder: 10 * part, Rules: 2 * part, Campaigns: 8 * part, Spoof: 8 * part, Findings: part, Rollup: 3 * part}
}

// Sum is what the parts add up to: never more than what was divided.
func (b Budget) Sum() int64 {
	return b.Decoder + b.Rules + b.Campaigns + b.Spoof + b.Findings + b.Rollup
}

// LeastMemory is the least that limits.memory may be: below it the fixed parts of the tables alone exceed their share.
const LeastMemory = 16 << 20
