package store

import (
	"database/sql"
	"errors"
	"time"
	"unicode"
)

// collect reads all rows by a function that scans one.
func collect[T any](rows *sql.Rows, err error, one func(scanner) (T, error)) (list []T, _ error) {
	err = eachRow(rows, err, func(scan scanner) error {
		v, err := one(scan)
		list = append(list, v)
		return err
	})
	if err != nil {
		return nil, err
	}
	return list, nil
}

// eachRow calls one for each row. err is that of the question, so that its answer can be handed on as it is.
func eachRow(rows *sql.Rows, err error, one func(scanner) error) error {
	if err != nil {
		return damaged(err)
	}
	defer rows.Close() // after an error of Err nothing is left to say
	for rows.Next() {
		if err := one(rows.Scan); err != nil {
			return damaged(err)
		}
	}
	return damaged(rows.Err())
}

// scanner reads the columns of a row.
type scanner func(...any) error

// scanOne reads a row of one column.
func scanOne[T any](scan scanner) (v T, err error) {
	err = scan(&v)
	return v, err
}

// scanNamed reads a name and a count.
func scanNamed(scan scanner) (n Named, err error) {
	err = scan(&n.Name, &n.Count)
	return n, err
}

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
