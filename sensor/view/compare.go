package view

import "strings"

// Piece is a run of words of a variant: same as in the first, added to it, or removed from it.
type Piece struct {
	Op   string `json:"op"` // same, added, removed
	Text string `json:"text"`
}

// maxWords bounds the words of a text that are compared; what is behind them is one piece.
const maxWords = 400

// Compare says what differs between a campaign's first text and a variant, word by word. The pieces that are not removed are the
// variant.
func Compare(first, variant string) []Piece {
	if first == variant {
		return []Piece{{"same", variant}}
	}
	a, restA := split(first)
	b, restB := split(variant)
	pieces := backtrack(a, b, lengths(a, b))
	if restA != restB {
		pieces = push(push(pieces, "removed", restA), "added", restB)
	} else {
		pieces = push(pieces, "same", restB)
	}
	return pieces
}

// split divides a text into words with the spaces behind them, and what is beyond the bound.
func split(text string) (words []string, rest string) {
	for text != "" && len(words) < maxWords {
		end := len(text)
		if i := strings.IndexAny(text, " \n\t"); i >= 0 {
			end = i + len(text[i:]) - len(strings.TrimLeft(text[i:], " \n\t"))
		}
		words, text = append(words, text[:end]), text[end:]
	}
	return words, text
}

// lengths is the table of the longest common subsequences of the ends of a and b.
func lengths(a, b []string) [][]uint16 {
	table := make([][]uint16, len(a)+1)
	for i := range table {
		table[i] = make([]uint16, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				table[i][j] = table[i+1][j+1] + 1
			} else {
				table[i][j] = max(table[i+1][j], table[i][j+1])
			}
		}
	}
	return table
}

// backtrack walks along a longest common subsequence.
func backtrack(a, b []string, table [][]uint16) (pieces []Piece) {
	i, j := 0, 0
	for i < len(a) || j < len(b) {
		switch {
		case i < len(a) && j < len(b) && a[i] == b[j]:
			pieces = push(pieces, "same", b[j])
			i, j = i+1, j+1
		case j == len(b) || i < len(a) && table[i+1][j] >= table[i][j+1]:
			pieces = push(pieces, "removed", a[i])
			i++
		default:
			pieces = push(pieces, "added", b[j])
			j++
		}
	}
	return pieces
}

// push adds words to the last piece if that is of the same kind.
func push(pieces []Piece, op, text string) []Piece {
	if text == "" {
		return pieces
	}
	if n := len(pieces); n > 0 && pieces[n-1].Op == op {
		pieces[n-1].Text += text
		return pieces
	}
	return append(pieces, Piece{op, text})
}
