package store

import (
	"database/sql"
	"errors"
	"time"
	"unicode"
)

// collect reads all rows by a function that scans one.
func collect[T any](rows *sql.Rows, err error, one func(scan func(...any) error) (T, error)) (list []T, _ error) {
	if err != nil {
		return nil, damaged(err)
	}
	defer rows.Close() // after an error of Err nothing is left to say
	for rows.Next() {
		v, err := one(rows.Scan)
		if err != nil {
			return nil, damaged(err)
		}
		list = append(list, v)
	}
	return list, damaged(rows.Err())
}

// scanNamed reads a name and a count.
func scanNamed(scan func(...any) error) (n Named, err error) { return n, scan(&n.Name, &n.Count) }

// moment is a time of the tables.
func moment(ns int64) time.Time { return time.Unix(0, ns).UTC() }

// isWordRune says whether a rune is part of a word for the full-text index (unicode61: letters, numbers, private use).
func isWordRune(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.Is(unicode.Co, r)
}

// absent turns the error of a row that is not there into ErrNotFound.
func absent(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return ErrNotFound
	}
	return damaged(err)
}
