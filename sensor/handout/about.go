package handout

import "time"

// About is what a report says besides the events: what was read and how, from whoever ran the replay.
type About struct {
	Version     string
	Inputs      []Input
	Tables      []Input   // files that settings name and conclusions rest on: rules, routes
	Settings    []Setting // those that change conclusions and were set
	Command     string    // makes the report again, in the folder of the captures
	Frames      uint64
	Octets      uint64
	Reasons     []Reason // what became of the frames; they add up to Frames
	Shed        []Reason // what was given up for want of memory
	Interrupted bool     // the captures were not read to their end
}

// Input is a file that was read. Name is its last part: where it lay is nobody's business.
type Input struct {
	Name        string
	Frames      uint64
	Octets      uint64    // captured, of the frames
	First, Last time.Time // packet times; zero without frames
	SHA256      string    // hexadecimal; empty where the file could not be read again, which Trouble says then
	Trouble     string    // damage, or why there is no hash
}

// Setting is a flag as it would be written on the command line.
type Setting struct{ Name, Value string }

// Reason is a count with what it is of.
type Reason struct {
	Name, Says string
	Count      uint64
}
